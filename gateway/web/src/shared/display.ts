/** How the page looks for this visitor: 长辈版 and dark colours, remembered on the device. */
import { ref, watchEffect } from "vue";

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Not remembered where storage is forbidden.
  }
}

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
export const elder = ref(remembered("nczf.elder") === "1");
export const dark = ref(remembered("nczf.dark") === null ? systemDark.matches : remembered("nczf.dark") === "1");

export function setElder(on: boolean): void {
  elder.value = on;
  remember("nczf.elder", on ? "1" : "0");
}
export function setDark(on: boolean): void {
  dark.value = on;
  remember("nczf.dark", on ? "1" : "0");
}

/** Words by which a citizen asks for the elder view in the chat. */
const ELDER_WORDS = /^(请)?(帮我)?(切换|换成|打开|开启|进入|转到|我要)?(到)?(长辈|关怀|关爱|亲情|老年|老人)(版|模式)[。！!]?$/;
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
  const apply = () => document.documentElement.style.setProperty("--view-height", `${Math.round(view.height)}px`);
  view.addEventListener("resize", apply);
  apply();
}
