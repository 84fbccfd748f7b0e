// A day's work with dynamics-web-api, used as it comes: records one by one, pages, batches, a change set and many records in
// one message. Run by `d365conn exec -- node work.cjs`; what it saw goes to stdout as JSON.
"use strict";

const { DynamicsWebApi } = require(process.env.DYNAMICS_WEB_API);

const api = new DynamicsWebApi({
    serverUrl: process.env.D365CONN_TENANT_URL,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => process.env.D365CONN_ACCESS_TOKEN,
});

async function work() {
    const seen = {};
    const one = (await api.create({
        collection: "accounts",
        data: { name: "DWA one", accountnumber: "DWA-1" },
        returnRepresentation: true,
        select: ["name"],
    })).accountid;
    await api.update({ collection: "accounts", key: one, data: { telephone1: "+45 1" } });
    seen.one = (await api.retrieve({ collection: "accounts", key: one, select: ["telephone1"] })).telephone1;
    await api.upsert({ collection: "accounts", key: "accountnumber='DWA-2'", data: { name: "DWA two" } });

    const nested = (await api.create({
        collection: "accounts",
        data: {
            name: "Nested by DWA",
            primarycontactid: { lastname: "First" },
            contact_customer_accounts: [{ lastname: "Second" }, { lastname: "Third" }],
        },
        returnRepresentation: true,
        select: ["name"],
    })).accountid;
    const inside = await api.retrieve({
        collection: "accounts",
        key: nested,
        select: ["name"],
        expand: [
            { property: "primarycontactid", select: ["lastname"] },
            { property: "contact_customer_accounts", select: ["lastname"] },
        ],
    });
    seen.nested = [inside.primarycontactid.lastname, inside.contact_customer_accounts.length];

    api.startBatch();
    for (let n = 0; n < 3; n++) {
        api.create({ collection: "accounts", data: { name: `DWA batch ${n}` }, inChangeSet: false });
    }
    api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "name eq 'DWA one'" });
    const batch = await api.executeBatch();
    seen.batch = [batch.length, batch[3].value.length];

    api.startBatch();
    api.create({ collection: "accounts", data: { name: "DWA set" }, contentId: "1" });
    api.create({ collection: "contacts", data: { lastname: "Set", "parentcustomerid_account@odata.bind": "$1" } });
    seen.set = (await api.executeBatch()).length;

    const rows = await api.retrieveAll({
        collection: "accounts",
        select: ["name"],
        filter: "startswith(name,'DWA')",
        orderBy: ["name"],
        maxPageSize: 2,
    });
    seen.rows = rows.value.map((row) => row.name);

    const many = await api.callAction({
        collection: "accounts",
        actionName: "Microsoft.Dynamics.CRM.CreateMultiple",
        action: {
            Targets: [1, 2].map((n) => ({ "@odata.type": "Microsoft.Dynamics.CRM.account", name: `DWA many ${n}` })),
        },
    });
    seen.many = many.Ids.length;

    api.startBatch();
    api.create({ collection: "accounts", data: { name: "DWA undone" } });
    api.create({ collection: "accounts", data: { nme: "wrong" } });
    try {
        await api.executeBatch();
        seen.failing = "nothing";
    } catch (errors) {
        const [error] = errors;
        seen.failing = [error.status, error.error.code];
    }
    await api.deleteRecord({ collection: "accounts", key: one });
    const left = await api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "startswith(name,'DWA')" });
    seen.left = left.value.map((row) => row.name).sort();
    return seen;
}

work().then((seen) => console.log(JSON.stringify(seen)), (error) => {
    console.error(error);
    process.exitCode = 1;
});
