import { createApp } from "vue";
import "../shared/theme.css";
import "../shared/base.css";
import "./desk.css";
import { applyDisplay } from "../shared/display";
import DeskApp from "./DeskApp.vue";

applyDisplay(false);
createApp(DeskApp).mount("#app");
