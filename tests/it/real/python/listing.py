"""What both scripts do with their credential: list accounts with Microsoft's client for Dataverse, page by page, and create
one. The client is used as it comes; nothing in it is replaced."""

import json

from PowerPlatform.Dataverse.client import DataverseClient

from front import Front


def list_accounts(sandbox, credential):
    with Front(sandbox) as address, DataverseClient(address, credential) as client:
        made = client.records.create("account", {"name": "Made by the SDK"})
        pages = list(client.records.list_pages("account", select=["accountid", "name"], page_size=20))
        rows = [[row["accountid"], row["name"]] for page in pages for row in page]
        print(json.dumps({"made": made, "pages": len(pages), "rows": rows}))
