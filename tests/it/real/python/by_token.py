"""A script that asks `d365conn token -o json` whenever the client wants a token: `by_token.py ADDRESS`."""

import json
import subprocess
import sys

from azure.core.credentials import AccessToken

from listing import list_accounts


class D365connCredential:
    """What azure-identity's own credentials look like to a client."""

    def get_token(self, *scopes, **_):
        done = subprocess.run(["d365conn", "token", "-o", "json"], capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        assert told["tokenType"] == "Bearer"
        return AccessToken(told["accessToken"], told["expires_on"])


list_accounts(sys.argv[1], D365connCredential())
