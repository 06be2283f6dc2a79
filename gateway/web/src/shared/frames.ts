/** Unions over the generated protocol types, for switching on `type` and `kind`. */
import type {
  Act,
  BotSaid,
  Bye,
  AssistFrame,
  DeskAccept,
  DeskCheck,
  DeskClose,
  DeskDismiss,
  DeskNote,
  DeskOpen,
  DeskSay,
  DeskTransfer,
  DeskTyping,
  DoneFrame,
  ErrorFrame,
  EventFrame,
  NoticeFrame,
  Ping,
  Pong,
  QueueFrame,
  Say,
  StateFrame,
  TranscriptFrame,
  Typing,
  WarningsFrame,
} from "./protocol";

export type EventPayload = EventFrame["payload"];
export type BotMessage = BotSaid["messages"][number];
export type Mode = StateFrame["mode"];
export type CitizenFrame = Say | Act | Typing | Ping;
export type DeskFrame =
  | DeskAccept
  | DeskOpen
  | DeskSay
  | DeskDismiss
  | DeskClose
  | DeskCheck
  | DeskNote
  | DeskTransfer
  | DeskTyping
  | Ping;
export type ServerFrame =
  | EventFrame
  | StateFrame
  | ErrorFrame
  | Pong
  | Bye
  | NoticeFrame
  | QueueFrame
  | TranscriptFrame
  | AssistFrame
  | WarningsFrame
  | DoneFrame;

/** Characters in one message; gateway/wire.py TEXT_LIMIT. */
export const TEXT_LIMIT = 500;

/** An id for one outgoing frame: unique, and kept when the frame is sent again. */
export function newId(): string {
  const random = new Uint32Array(3);
  crypto.getRandomValues(random);
  return `${Date.now().toString(36)}-${Array.from(random, (n) => n.toString(36)).join("")}`;
}
