// Files with dynamics-web-api, used as it comes: sent in pieces, fetched in pieces, removed. Run by
// `d365conn exec -- node files.cjs ID`; what it saw goes to stdout as JSON.
"use strict";

const { DynamicsWebApi } = require(process.env.DYNAMICS_WEB_API);

const api = new DynamicsWebApi({
    serverUrl: process.env.D365CONN_TENANT_URL,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => process.env.D365CONN_ACCESS_TOKEN,
});

async function work(key) {
    const seen = {};
    const data = Buffer.alloc(9_000_001);
    for (let n = 0; n < data.length; n++) {
        data[n] = (n * 7) % 251;
    }
    const place = { collection: "nl_projects", key, property: "nl_contract" };
    await api.uploadFile({ ...place, fileName: "dwa.bin", data });
    const back = await api.downloadFile(place);
    seen.file = [back.fileName, back.fileSize, Buffer.compare(Buffer.from(back.data), data)];
    seen.gone = await api.deleteRecord(place);
    const left = await api.retrieve({ collection: "nl_projects", key, select: ["nl_contract"] });
    seen.left = left.nl_contract;
    return seen;
}

work(process.argv[2]).then((seen) => console.log(JSON.stringify(seen)), (error) => {
    console.error(error);
    process.exitCode = 1;
});
