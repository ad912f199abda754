import { createRoot } from "react-dom/client";
import "slack-blocks-to-jsx/dist/style.css";
import "./base.css";
import "./controls.css";
import "./places.css";
import "./conversation.css";
import "./blocks.css";
import "./windows.css";
import "./production.css";
import "./columns.css"; // these two last: on a narrow screen they change what stands before them
import "./narrow.css";
import { Page } from "./page";

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page />);
