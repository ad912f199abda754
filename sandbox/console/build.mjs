// Builds the page into build/console: one script, one sheet of styles, one document; nothing in it asks another host for anything.
import { build } from "esbuild";
import { mkdir, readFile, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "build", "console");

// The library marks each drawing with the same id, and its styles go by it. A page has many drawings: the class of the same
// name, which each also carries, does the same without an id that is there twice.
const library = {
  name: "one drawing among many",
  setup({ onLoad }) {
    onLoad({ filter: /slack-blocks-to-jsx[/\\]dist[/\\](style\.css|index\.mjs)$/ }, async ({ path }) => {
      const styles = path.endsWith(".css");
      const text = await readFile(path, "utf8");
      const [mark, instead] = styles ? ["#slack_blocks_to_jsx", ".slack_blocks_to_jsx"] : ['id:"slack_blocks_to_jsx",', ""];
      if (!text.includes(mark)) {
        throw new Error(`${path} has no ${mark} any more: look at how the library scopes its styles now`);
      }
      return { contents: text.replaceAll(mark, instead), loader: styles ? "css" : "js" };
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
