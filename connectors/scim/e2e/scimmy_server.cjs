// scimmy behind scimmy-routers, over users and groups in memory.
//
//     node scimmy_server.cjs FOLDER PORT
//
// FOLDER is where npm installed both, and express.
"use strict";

const { randomUUID } = require("node:crypto");
const { createRequire } = require("node:module");

const [folder, port] = process.argv.slice(2);
const load = (name) => {
    const loaded = createRequire(`${folder}/`)(name);
    return loaded.default ?? loaded;
};
const express = load("express");
const SCIMMY = load("scimmy");
const Routers = load("scimmy-routers");

const users = new Map();
const groups = new Map();

/** The handlers of a type of resources, over a map from ids to resources. */
function handlers(kept, { key, show = (one) => one, forget = () => {} }) {
    const find = (id) => kept.get(id) ?? fail(404, null, `Resource ${id} not found`);
    return {
        egress: (asked) => {
            if (asked.id) return show(find(asked.id));
            const all = [...kept.values()].map(show);
            return asked.filter ? asked.filter.match(all) : all;
        },
        ingress: (asked, given) => {
            const id = asked.id ? find(asked.id).id : randomUUID();
            const written = JSON.parse(JSON.stringify(given));
            for (const other of kept.values()) {
                if (other.id !== id && other[key] === written[key]) fail(409, "uniqueness", `${key} is taken`);
            }
            // The service's own attributes are not the client's to write.
            for (const name of ["schemas", "meta", "groups"]) delete written[name];
            kept.set(id, { ...written, id });
            return show(kept.get(id));
        },
        degress: (asked) => {
            find(asked.id);
            kept.delete(asked.id);
            forget(asked.id);
        },
    };
}

function fail(status, type, detail) {
    throw new SCIMMY.Types.Error(status, type, detail);
}

SCIMMY.Resources.declare(
    SCIMMY.Resources.User,
    handlers(users, {
        key: "userName",
        show: (user) => {
            const held = [...groups.values()].filter(({ members = [] }) => members.some(({ value }) => value === user.id));
            return { ...user, groups: held.map(({ id, displayName }) => ({ value: id, display: displayName })) };
        },
        forget: (id) => {
            for (const group of groups.values()) group.members = group.members?.filter(({ value }) => value !== id);
        },
    }),
);
SCIMMY.Resources.declare(SCIMMY.Resources.Group, handlers(groups, { key: "displayName" }));

const app = express();
app.use(
    "/scim",
    new Routers({
        type: "bearer",
        handler: (request) => {
            if (request.header("Authorization") !== "Bearer admin-token") throw new Error("The token is not known");
        },
    }),
);
app.listen(Number(port), "127.0.0.1");
