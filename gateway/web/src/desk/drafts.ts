/** What the officer has begun to write, per conversation; kept over reloads of this tab. */
import { reactive, watch } from "vue";

export interface Draft {
  text: string;
  /** The suggestion the text began as, with its words as offered. */
  suggestionId: string | null;
  offered: string;
}
const key = "nczf.desk.drafts";

function restore(): Record<string, Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "{}") as Record<string, Draft>;
  } catch {
    return {};
  }
}
const drafts = reactive(restore());
watch(drafts, (all) => sessionStorage.setItem(key, JSON.stringify(all)), { deep: true });

export function draftOf(conversationId: string): Draft {
  drafts[conversationId] ??= { text: "", suggestionId: null, offered: "" };
  return drafts[conversationId]!;
}
