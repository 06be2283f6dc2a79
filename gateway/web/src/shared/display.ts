/** How the page looks for this visitor: 长辈版 and dark colours, remembered on the device. */
import { ref, watchEffect } from "vue";
import { onDevice } from "./storage";

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const storedElder = () => onDevice.read("nczf.elder") === "1";
export const elder = ref(storedElder());
export const dark = ref(
  onDevice.read("nczf.dark") === null ? systemDark.matches : onDevice.read("nczf.dark") === "1",
);

export function setElder(on: boolean): void {
  elder.value = on;
  onDevice.write("nczf.elder", on ? "1" : "0");
}
/** As another tab may have left it. */
export function elderFromDevice(): void {
  elder.value = storedElder();
}
export function setDark(on: boolean): void {
  dark.value = on;
  onDevice.write("nczf.dark", on ? "1" : "0");
}

/** Words by which a citizen asks for the elder view in the chat. */
const ELDER_WORDS =
  /^(请)?(帮我)?(切换|换成|打开|开启|进入|转到|我要)?(到)?(长辈|关怀|关爱|亲情|老年|老人)(版|模式)[。！!]?$/;
export const asksForElder = (text: string) => ELDER_WORDS.test(text.trim());

/** Keep <html> in step. The citizens' page has an elder view, the desk has not. */
export function applyDisplay(withElder: boolean): void {
  watchEffect(() => {
    document.documentElement.classList.toggle("elder", withElder && elder.value);
    document.documentElement.classList.toggle("dark", dark.value);
  });
}

/** Height that the on-screen keyboard leaves free, for browsers that do not resize the page. */
export function followKeyboard(): void {
  const view = window.visualViewport;
  if (!view) return;
  // Times scale: zooming in must not shrink the page.
  const apply = () =>
    document.documentElement.style.setProperty("--view-height", `${Math.round(view.height * view.scale)}px`);
  view.addEventListener("resize", apply);
  apply();
}
