// Build what the pages load: webui/static → webui/static/dist, each file under a name that holds its content's hash, and a
// manifest.json that maps the logical name ("amends.css") to it. Run by scripts/prepare.py; needs `npm ci` first.

import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "webui/static");
const target = join(source, "dist");
const scratch = join(source, "dist.new"); // put in dist's place when it is whole, so that a running server misses nothing

// govuk-frontend names its functional colours as variables, which tokens.css sets, but writes some values out. These become
// variables of tokens.css too, so that every page has five sizes of text, and dark pages are dark all over.
const COLOURS = {
  "#fff": "--amends-surface",
  "#f3f3f3": "--amends-surface-2",
  "#f4f8fb": "--amends-surface-2",
  "#cecece": "--amends-line",
  "#858686": "--amends-line-strong",
  "#0b0c0c": "--amends-text",
  "#0f7a52": "--amends-action",
  "#0b5c3e": "--amends-action-strong",
  "#083d29": "--amends-action-strong",
  "#1d70b8": "--amends-action",
  "#0f385c": "--amends-action-strong",
  "#d2e2f1": "--amends-action-soft",
  "#ca3535": "--amends-danger",
  "#982828": "--amends-danger-strong",
  "#651b1b": "--amends-danger-strong",
};
const SIZES = {
  "1rem": "s", "1.1875rem": "m", "1.3125rem": "l", "1.5rem": "l", "1.6875rem": "xl", "30px": "xl", "1.9375rem": "xl",
  "2.25rem": "xl", "2rem": "xxl", "3rem": "xxl", "3.3125rem": "xxl", "5rem": "xxl",
};
const PAPER_SIZES = { "14pt": "10.5pt", "18pt": "13pt", "24pt": "17pt", "32pt": "22pt", "53pt": "22pt" };

function skin(css) {
  const colour = (text) => text.replace(/#[0-9a-f]{3,6}\b/g, (hex) => (COLOURS[hex] ? `var(${COLOURS[hex]})` : hex));
  return css
    .replace(/:root\{[^}]*--govuk-brand-colour[^}]*\}/, (root) => root.replace(/--govuk-[a-z-]*colour:[^;}]*;?/g, ""))
    .replace(/var\((--govuk-[a-z-]+),#[0-9a-f]{3,6}\)/g, "var($1)")
    .replace(/([;{])color:#fff/g, "$1color:var(--amends-on-action)") // white is the paper, but for letters on a button
    .replace(/([;{])(background(?:-color)?|color|fill|border(?:-[a-z]+)*|box-shadow):([^;}]*)/g, (_, before, name, value) => `${before}${name}:${colour(value)}`)
    .replace(/font-size:([^;}!]+)/g, (all, size) =>
      SIZES[size] ? `font-size:var(--amends-text-${SIZES[size]})` : PAPER_SIZES[size] ? `font-size:${PAPER_SIZES[size]}` : all,
    );
}

// govuk-frontend's stylesheet without what is GOV.UK's alone: its typeface and the crest. Ours says which font instead.
const withOurSkin = {
  name: "with-our-skin",
  setup(esbuild) {
    esbuild.onLoad({ filter: /govuk-frontend\.min\.css$/ }, async ({ path }) => {
      const css = (await readFile(path, "utf8"))
        .replace(/\/\*! Copyright \(c\) 2011 by Margaret Calvert[^*]*\*\//, "")
        .replace(/@font-face\{[^}]*\}/g, "")
        .replace(/@media screen\\0[^{]*\{(?:[^{}]*\{[^{}]*\})*\}/g, "") // for Internet Explorer 10
        .replaceAll("GDS Transport,arial,sans-serif", "var(--amends-font)")
        .replace(/[a-z-]+:url\([^)]*govuk-crest\.svg\)[^;}]*;?/g, "");
      const left = css.match(/GDS Transport|govuk-crest|url\(\/assets[^)]*\)/);
      if (left) throw new Error(`govuk-frontend still brings ${left[0]}, which is not ours to use: see scripts/assets.mjs`);
      return { contents: skin(css), loader: "css" };
    });
  },
};

await rm(scratch, { recursive: true, force: true });
await mkdir(scratch, { recursive: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: {
    app: join(source, "src/app.js"),
    amends: join(source, "amends.css"),
    icon: join(source, "icon.svg"),
  },
  outdir: scratch,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true, // the diagram viewer is a chunk of its own, fetched by pages that have a diagram
  format: "esm",
  minify: true,
  target: ["chrome109", "firefox115", "safari15.6"],
  loader: { ".svg": "copy" },
  legalComments: "none", // they are all in licences.txt
  metafile: true,
  plugins: [withOurSkin],
  logLevel: "warning",
});

await writeFile(join(scratch, "manifest.json"), JSON.stringify(manifest(result.metafile), null, 2) + "\n");
await writeFile(join(scratch, "licences.txt"), await licences(result.metafile));
await rm(target, { recursive: true, force: true });
await rename(scratch, target);

// The entries by logical name; chunks are found by the files that import them.
function manifest(metafile) {
  const names = Object.entries(metafile.outputs)
    .filter(([, output]) => output.entryPoint && !output.entryPoint.endsWith("diagram.js"))
    .map(([file, output]) => [basename(output.entryPoint), basename(file)]);
  return Object.fromEntries(names.sort());
}

// The licence texts of every npm package of which something is in the output.
async function licences(metafile) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) folders.add(found[1]);
  }
  const parts = [];
  for (const folder of [...folders].sort()) {
    const about = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(join(root, folder))).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? await readFile(join(root, folder, file), "utf8") : `Licence: ${about.license}\n`;
    parts.push(`${about.name} ${about.version}\n${"-".repeat(72)}\n${text.trim()}\n`);
  }
  return `The files beside this one contain work by others, under these licences.\n\n${parts.join("\n\n")}`;
}
