/**
 * Write src/shared/protocol.ts from the gateway's own models.
 *
 *   python -m gateway.schema | npm run -s protocol             from standard input
 *   npm run protocol -- schema.json                            from a file
 *   python -m gateway.schema | npm run -s protocol -- --check  compare only; exit 1 on a difference
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const target = fileURLToPath(new URL("../src/shared/protocol.ts", import.meta.url));
const args = process.argv.slice(2);
const source = args.find((arg) => !arg.startsWith("--"));
const schema = JSON.parse(readFileSync(source ?? 0, "utf8"));

/** Property titles would each become a type of their own; only model titles are wanted. */
function dropTitles(node, isModel) {
  if (Array.isArray(node)) return node.map((item) => dropTitles(item, false));
  if (node === null || typeof node !== "object") return node;
  const out = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === "title" && typeof value === "string" && !isModel) continue;
    if (key === "properties") {
      out[key] = Object.fromEntries(
        Object.entries(value).map(([name, sub]) => [name, dropTitles(sub, false)]),
      );
    } else {
      out[key] = dropTitles(value, false);
    }
  }
  if (isModel && out.properties) out.required = alwaysSent(out);
  return out;
}

/** The gateway always writes out its defaults, so a field with a default is never missing. */
function alwaysSent(model) {
  const required = model.required ?? [];
  return Object.keys(model.properties).filter(
    (name) =>
      required.includes(name) || "default" in model.properties[name] || "const" in model.properties[name],
  );
}

const defs = Object.fromEntries(
  Object.entries(schema.$defs).map(([name, model]) => [name, dropTitles(model, true)]),
);
const names = Object.keys(defs).sort();
const root = {
  title: "NanchangWire",
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])),
  $defs: defs,
};

const banner = `/* Generated from gateway/wire.py by scripts/protocol.mjs. Do not edit: run
 *   python -m gateway.schema | npm run -s protocol
 */`;
const text = await compile(root, "NanchangWire", {
  bannerComment: banner,
  additionalProperties: false,
  strictIndexSignatures: false,
  style: { printWidth: 110 },
  maxItems: 0,
});

if (args.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error(
      "src/shared/protocol.ts differs from gateway/wire.py; expected no difference: run npm run protocol",
    );
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
