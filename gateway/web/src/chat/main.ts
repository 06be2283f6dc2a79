import { createApp } from "vue";
import "../shared/theme.css";
import "../shared/base.css";
import { applyDisplay, followKeyboard } from "../shared/display";
import ChatPage from "./ChatPage.vue";

applyDisplay(true);
followKeyboard();
createApp(ChatPage).mount("#app");
