// Keeps what V8 compiled of the convex CLI's bundle beside it: the tests start it more than a thousand times, and reading six megabytes
// of JavaScript anew is 40 % of each start. Node does this itself from 22.1 on (NODE_COMPILE_CACHE); until then this does.
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

const LARGE = 1_000_000; // characters
const compile = Module.prototype._compile;

Module.prototype._compile = function (content, filename, ...more) {
  if (content.length < LARGE) return compile.call(this, content, filename, ...more);
  const kept = path.join(__dirname, "..", "..", "build", "compiled", createHash("sha1").update(filename).digest("hex"));
  const script = new vm.Script(Module.wrap(content.replace(/^#!.*/, "")), {
    filename,
    cachedData: read(kept),
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (script.cachedDataRejected !== false) process.once("exit", () => write(kept, script.createCachedData()));
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, Module.createRequire(filename), this, filename, path.dirname(filename));
};

function read(kept) {
  try {
    return fs.readFileSync(kept);
  } catch {
    return undefined;
  }
}

function write(kept, data) {
  try {
    fs.mkdirSync(path.dirname(kept), { recursive: true });
    fs.writeFileSync(`${kept}.${process.pid}`, data);
    fs.renameSync(`${kept}.${process.pid}`, kept);
  } catch {
    // The next one tries again.
  }
}
