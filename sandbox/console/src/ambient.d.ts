// What the page uses of packages that bring no types of their own.
declare module "*.css";

declare module "react-dom/client" {
  import type { ReactNode } from "react";
  export function createRoot(container: Element): { render(children: ReactNode): void };
}
