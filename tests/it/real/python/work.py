"""A day's work with Microsoft's client for Dataverse, used as it comes: records one by one, many in one message, pages, and a
batch with a change set. Run by `d365conn exec -- python work.py`; what it saw goes to stdout as JSON."""

import json
import os
import time

from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient

from front import Front


class FromEnvironment:
    """The one token that there is."""

    def get_token(self, *scopes, **_):
        return AccessToken(os.environ["D365CONN_ACCESS_TOKEN"], int(time.time()) + 600)


def work(client):
    seen = {}
    records = client.records
    one = records.create("account", {"name": "SDK one", "accountnumber": "SDK-1"})
    records.update("account", one, {"telephone1": "+45 1"})
    seen["one"] = records.retrieve("account", one, select=["name", "telephone1"])["telephone1"]

    many = records.create("account", [{"name": f"SDK many {n}"} for n in range(5)])
    records.update("account", many, {"fax": "all"})
    records.update("account", many[:2], [{"fax": "first"}, {"fax": "second"}])
    records.upsert(
        "account",
        [
            {"alternate_key": {"accountnumber": "SDK-1"}, "record": {"fax": "upserted"}},
            {"alternate_key": {"accountnumber": "SDK-2"}, "record": {"name": "SDK upserted"}},
        ],
    )
    pages = list(
        records.list_pages(
            "account", select=["name", "fax"], filter="startswith(name,'SDK')", orderby=["name"], page_size=3
        )
    )
    seen["pages"] = [len(list(page)) for page in pages]
    seen["rows"] = [[row["name"], row["fax"]] for page in pages for row in page]

    batch = client.batch.new()
    batch.records.retrieve("account", one, select=["name"])
    with batch.changeset() as changes:
        firm = changes.records.create("account", {"name": "SDK set"})
        changes.records.create("contact", {"lastname": "Set", "parentcustomerid_account@odata.bind": firm})
        changes.records.update("account", firm, {"fax": "set"})
    batch.records.delete("account", "00000000-0000-4000-8000-000000000001")
    batch.records.create("account", [{"name": "SDK batch"}])
    done = batch.execute(continue_on_error=True)
    seen["batch"] = [[item.status_code, item.error_code] for item in done.responses]

    failing = client.batch.new()
    with failing.changeset() as changes:
        changes.records.create("account", {"name": "SDK undone"})
        changes.records.create("account", {"nme": "wrong"})
    seen["failing"] = [[item.status_code, item.error_code] for item in failing.execute().responses]

    records.delete("account", one)
    seen["left"] = sorted(row["name"] for row in records.list("account", select=["name"], filter="startswith(name,'SDK')"))
    return seen


with Front(os.environ["D365CONN_TENANT_URL"]) as address, DataverseClient(address, FromEnvironment()) as client:
    print(json.dumps(work(client)))
