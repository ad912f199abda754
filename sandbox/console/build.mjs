// Builds the page into build/console: one script, one sheet of styles, one document; nothing in it asks another host for anything.
import { build } from "esbuild";
import { mkdir, readFile, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "build", "console");

// The library marks each drawing with the same id, and its styles go by it. A page has many drawings: the id is taken away,
// and the class of the same name, which each also carries, stands in for it. Its styles are a layer, so that ours come first.
const styles = (text) =>
  `@layer library{${text.replaceAll("#slack_blocks_to_jsx", ":is(#one,.slack_blocks_to_jsx)").replaceAll("!important", "")}}`;
const script = (text) => text.replaceAll('id:"slack_blocks_to_jsx",', "");
const library = {
  name: "one drawing among many",
  setup({ onLoad }) {
    onLoad({ filter: /slack-blocks-to-jsx[/\\]dist[/\\](style\.css|index\.mjs)$/ }, async ({ path }) => {
      const loader = path.endsWith(".css") ? "css" : "js";
      const text = await readFile(path, "utf8");
      if (!text.includes("slack_blocks_to_jsx")) {
        throw new Error(`${path} is not what it was: look at how the library scopes its styles now`);
      }
      return { contents: loader === "css" ? styles(text) : script(text), loader };
    });
  },
};

await mkdir(target, { recursive: true });
await build({
  entryPoints: { page: join(here, "src", "main.tsx") },
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "linked",
  logLevel: "warning",
  plugins: [library],
});
await copyFile(join(here, "index.html"), join(target, "index.html"));
