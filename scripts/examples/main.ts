// `node scripts/run.mjs examples/main.ts [--port N]` starts the example servers alone and prints where they are.
import { parseArgs } from "node:util";
import { startExamples } from "./start.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const examples = await startExamples({ port: Number(values.port) });
console.log(JSON.stringify({ servers: examples.servers }));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void examples.close());
