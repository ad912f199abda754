import { createRoot } from "react-dom/client";
import "slack-blocks-to-jsx/dist/style.css";
import { Page } from "./page";
import "./style.css";

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page />);
