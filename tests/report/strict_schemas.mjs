// Compiles each schema named on the command line with ajv in strict mode; prints those that it refuses.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...paths] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;
for (const path of paths) {
  const ajv = addFormats(new Ajv({ strict: true, allErrors: true }));
  try {
    ajv.compile(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    console.log(`${path}: ${error.message}`);
  }
}
