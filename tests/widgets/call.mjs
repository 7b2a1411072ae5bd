// Calls exported functions: {"module": path, "calls": [[name, arguments]]} on
// standard input, their results in order on standard output. Beside a plain
// name stands "a.b": call a with the first argument, b with the result and
// the rest.
import { pathToFileURL } from "node:url";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const { module, calls } = JSON.parse(input);
const names = await import(pathToFileURL(module).href);

const results = calls.map(([path, parameters]) => {
  const [first, second] = path.split(".");
  if (!second) return names[first](...parameters);
  const [setup, ...rest] = parameters;
  return names[second](names[first](...setup), ...rest);
});
const plain = (_, value) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
process.stdout.write(JSON.stringify(results, plain));
