// Answers one request per line on standard input, each with one line on standard output.
// Request: {"name": ..., "text": ...}. Answer: {"formatted": ..., "value": ...} or {"formatted": ..., "error": ...}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The packages live outside the tree, in the directory that ./dev runs this process in.
const require = createRequire(process.cwd() + "/");
const { parse } = require("@cdktf/hcl2json");
const { format } = require("@cdktf/hcl-tools");

async function answer({ name, text }) {
  const formatted = await format(text);
  try {
    return { formatted, value: await parse(name, text) };
  } catch (error) {
    return { formatted, error: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
}
process.exit(0); // the two WebAssembly programs wait for work for ever
