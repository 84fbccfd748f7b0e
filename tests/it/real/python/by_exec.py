"""A script that is run by `d365conn exec -- python by_exec.py` and finds all it needs in its environment."""

import os
import time

from azure.core.credentials import AccessToken

from listing import list_accounts


class FromEnvironment:
    """The one token that there is."""

    def get_token(self, *scopes, **_):
        return AccessToken(os.environ["D365CONN_ACCESS_TOKEN"], int(time.time()) + 600)


list_accounts(os.environ["D365CONN_TENANT_URL"], FromEnvironment())
