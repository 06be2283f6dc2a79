import { createApp } from "vue";
import "../shared/theme.css";
import "../shared/base.css";
import { applyDisplay, followKeyboard } from "../shared/display";
import { applyHostFont, arrive } from "./arrival";
import ChatPage from "./ChatPage.vue";

applyDisplay(true);
applyHostFont();
followKeyboard();
void arrive().then((problem) => createApp(ChatPage, { arrival: problem }).mount("#app"));
