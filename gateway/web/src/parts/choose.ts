/** How a message part hands a choice to the page around it. The desk gives no chooser: its parts are read-only. */
import { inject, provide, type InjectionKey } from "vue";
import type { Act, BookingView, QuickReply } from "../shared/protocol";

export type Action = Act["action"];
export interface Chooser {
  readonly readOnly: boolean;
  say(text: string): void;
  act(action: Action, args: Record<string, unknown>, label: string): void;
  /** Leave for the identity provider; the server brings the page back to this talk. */
  signIn(task: string): void;
  /** The level a subject was rated with, once the server has confirmed it. */
  ratedLevel(subject: string): number | undefined;
  /** A booking as it was last shown: an older card of it is out of date. */
  latest(bookingNo: string): BookingView | undefined;
}
const key: InjectionKey<Chooser> = Symbol("chooser");
const readOnly: Chooser = {
  readOnly: true,
  say: () => undefined,
  act: () => undefined,
  signIn: () => undefined,
  ratedLevel: () => undefined,
  latest: () => undefined,
};

export const provideChooser = (chooser: Chooser) => provide(key, chooser);
export const useChooser = () => inject(key, readOnly);

/** Carry out a button: its words, or its action with the label as the citizen's words. */
export function choose(chooser: Chooser, reply: QuickReply): void {
  if (reply.action === "sign_in") chooser.signIn(String(reply.args.task ?? ""));
  else if (reply.action) chooser.act(reply.action as Action, reply.args, reply.label);
  else chooser.say(reply.say ?? reply.label);
}
