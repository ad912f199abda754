// Loads the modules of a push, and says which schema, functions and routes they define.
// node analyse.mjs FOLDER: reads FOLDER/asked.json, writes FOLDER/found.json. Modules lie in FOLDER/modules.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const refuse = () => {
  throw new Error("functions of the database cannot be called while modules are loaded");
};
globalThis.Convex = { syscall: refuse, asyncSyscall: refuse, jsSyscall: refuse };

const folder = process.argv[2];
const asked = JSON.parse(await readFile(join(folder, "asked.json"), "utf8"));
Object.assign(process.env, asked.variables);

const load = (path) => import(pathToFileURL(join(folder, "modules", path)).href);

function kindOf(exported) {
  if (exported?.isQuery) return "Query";
  if (exported?.isMutation) return "Mutation";
  return exported?.isAction && !exported.isHttp ? "Action" : null;
}

function describe(name, exported) {
  return {
    name,
    pos: null,
    lineno: 1,
    udfType: kindOf(exported),
    visibility: { kind: exported.isInternal ? "internal" : "public" },
    args: exported.exportArgs?.() ?? null,
    returns: exported.exportReturns?.() ?? null,
  };
}

function routesOf(module) {
  if (!module.default?.isRouter) return null;
  return module.default.getRoutes().map(([path, method]) => ({ route: { path, method }, pos: null }));
}

async function analyse(path) {
  const module = await load(path);
  const functions = Object.entries(module).filter(([, exported]) => kindOf(exported));
  return {
    functions: functions.map(([name, exported]) => describe(name, exported)),
    httpRoutes: routesOf(module),
    cronSpecs: null,
    sourceMapped: null,
  };
}

const found = { schema: null, modules: {} };
if (asked.schema) found.schema = JSON.parse((await load(asked.schema)).default.export());
for (const path of asked.modules) found.modules[path] = await analyse(path);
await writeFile(join(folder, "found.json"), JSON.stringify(found));
