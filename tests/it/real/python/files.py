"""Files with Microsoft's client for Dataverse, used as it comes: at once and in pieces, into columns that a custom table has.
Run by `d365conn exec -- python files.py SMALL LARGE`; the ids of the two records go to stdout as JSON."""

import json
import os
import sys
import time

from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient

from front import Front


class FromEnvironment:
    """The one token that there is."""

    def get_token(self, *scopes, **_):
        return AccessToken(os.environ["D365CONN_ACCESS_TOKEN"], int(time.time()) + 600)


def send(client, small, large):
    ids = [client.records.create("nl_project", {"nl_name": name}) for name in ("SDK small", "SDK large")]
    client.files.upload("nl_project", ids[0], "nl_contract", small, mode="small", mime_type="application/pdf")
    client.files.upload("nl_project", ids[0], "nl_contract", small, mode="small", if_none_match=False)
    client.files.upload("nl_project", ids[1], "nl_contract", large, mode="chunk")
    return ids


with Front(os.environ["D365CONN_TENANT_URL"]) as address, DataverseClient(address, FromEnvironment()) as client:
    print(json.dumps(send(client, *sys.argv[1:])))
