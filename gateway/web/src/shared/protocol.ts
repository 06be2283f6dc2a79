/* Generated from gateway/wire.py by scripts/protocol.mjs. Do not edit: run
 *   python -m gateway.schema | npm run -s protocol
 */

export interface NanchangWire {
  Act?: Act;
  AgentSaid?: AgentSaid;
  AnswerMessage?: AnswerMessage;
  AskMessage?: AskMessage;
  AssistFrame?: AssistFrame;
  Basis?: Basis;
  BookedMessage?: BookedMessage;
  BookingView?: BookingView;
  BotSaid?: BotSaid;
  Bye?: Bye;
  CardItem?: CardItem;
  CardSection?: CardSection;
  CaseMessage?: CaseMessage;
  CaseView?: CaseView;
  CitizenSaid?: CitizenSaid;
  ClarifyMessage?: ClarifyMessage;
  Colleague?: Colleague;
  DeskAccept?: DeskAccept;
  DeskCheck?: DeskCheck;
  DeskClose?: DeskClose;
  DeskDismiss?: DeskDismiss;
  DeskNote?: DeskNote;
  DeskOpen?: DeskOpen;
  DeskSay?: DeskSay;
  DeskTransfer?: DeskTransfer;
  DeskTyping?: DeskTyping;
  DoneFrame?: DoneFrame;
  ErrorFrame?: ErrorFrame;
  EventFrame?: EventFrame;
  FailureMessage?: FailureMessage;
  GuideCard?: GuideCard;
  GuideOption?: GuideOption;
  GuideWarning?: GuideWarning;
  HandoffAccepted?: HandoffAccepted;
  HandoffEnded?: HandoffEnded;
  HandoffMessage?: HandoffMessage;
  HandoffRequested?: HandoffRequested;
  Headline?: Headline;
  IdentityChanged?: IdentityChanged;
  NoteAdded?: NoteAdded;
  NoticeFrame?: NoticeFrame;
  Ping?: Ping;
  Pong?: Pong;
  QueueEntry?: QueueEntry;
  QueueFrame?: QueueFrame;
  QueuePlace?: QueuePlace;
  QuickReply?: QuickReply;
  RatedMessage?: RatedMessage;
  RatingMessage?: RatingMessage;
  RepeatMessage?: RepeatMessage;
  Row?: Row;
  Say?: Say;
  SituationOption?: SituationOption;
  SituationQuestion?: SituationQuestion;
  StateFrame?: StateFrame;
  Suggestion?: Suggestion;
  SuggestionOffered?: SuggestionOffered;
  SuggestionUsed?: SuggestionUsed;
  TextMessage?: TextMessage;
  TimelineStep?: TimelineStep;
  TranscriptFrame?: TranscriptFrame;
  Typing?: Typing;
  WarningsFrame?: WarningsFrame;
  WorkOrderMessage?: WorkOrderMessage;
}
/**
 * A structured choice. `label` is what the transcript shows as the citizen's words.
 */
export interface Act {
  action: "open_guide" | "set_fact" | "rate" | "cancel_booking" | "handoff" | "leave_queue";
  args: {
    [k: string]: unknown;
  };
  id: string;
  label: string;
  type: "act";
  v: 1;
}
/**
 * What the officer said.
 */
export interface AgentSaid {
  agent_name: string;
  kind: "agent_said";
  source: string;
  text: string;
}
/**
 * An answer out of a guide, with its card.
 */
export interface AnswerMessage {
  card: GuideCard;
  compact: boolean;
  field: string;
  kind: "answer";
  lead: string;
  replies: QuickReply[];
}
/**
 * A guide, cut to the citizen's situation.
 */
export interface GuideCard {
  answer_id: string;
  basis: Basis[];
  department: string;
  fits: string;
  guide_id: string;
  headlines: Headline[];
  name: string;
  question: SituationQuestion | null;
  reviewed_on: string;
  sections: CardSection[];
  summary: string;
  unverified: string[];
  version: string;
}
/**
 * A law or document that a guide rests on.
 */
export interface Basis {
  article: string;
  number: string;
  title: string;
}
/**
 * One of the two to three big facts at the top of a card.
 */
export interface Headline {
  label: string;
  note: string;
  value: string;
  verified: boolean;
}
/**
 * One question that changes the result (情形导办). Answer by typing or by `act set_fact`.
 */
export interface SituationQuestion {
  ask: string;
  key: string;
  options: SituationOption[];
}
/**
 * One answer to a `SituationQuestion`.
 */
export interface SituationOption {
  label: string;
  value: string;
}
/**
 * `style` says how to draw it: checklist (tickable), steps (numbered), list (bullets).
 */
export interface CardSection {
  items: CardItem[];
  key: string;
  style: "checklist" | "steps" | "list";
  title: string;
}
/**
 * One line of a card section.
 */
export interface CardItem {
  note: string;
  tag: string;
  text: string;
  verified: boolean;
  when: string;
}
/**
 * A button. Plain ones say their text; ones with an action send an `act` frame instead.
 */
export interface QuickReply {
  action: string | null;
  args: {
    [k: string]: unknown;
  };
  disabled: boolean;
  hint: string;
  label: string;
  say: string | null;
}
/**
 * A form's question. Options are optional help: typing always works.
 */
export interface AskMessage {
  asking: string;
  kind: "ask";
  options: QuickReply[];
  replies: QuickReply[];
  rows: Row[];
  text: string;
  title: string;
}
/**
 * One line of a read-back: label and value.
 */
export interface Row {
  label: string;
  value: string;
}
/**
 * Desk only: the guide that the citizen's words lead to, cut to their situation. Not stored.
 */
export interface AssistFrame {
  card: GuideCard | null;
  conversation_id: string;
  for_seq: number;
  type: "assist";
  v: 1;
}
/**
 * One or more bookings: a fresh voucher, a list, or a cancelled one.
 */
export interface BookedMessage {
  bookings: BookingView[];
  kind: "bookings";
  replies: QuickReply[];
  text: string;
}
/**
 * One booked visit, as on its voucher.
 */
export interface BookingView {
  address: string;
  address_verified: boolean;
  booking_no: string;
  calendar: string;
  day: string;
  demo: boolean;
  end: string;
  hall: string;
  item: string;
  name: string;
  note: string;
  phone: string;
  qr: string;
  start: string;
  status: "booked" | "cancelled" | "displaced" | "no_show";
}
/**
 * What the bot said: one or more messages.
 */
export interface BotSaid {
  kind: "bot_said";
  messages: (
    | TextMessage
    | AnswerMessage
    | ClarifyMessage
    | AskMessage
    | CaseMessage
    | BookedMessage
    | WorkOrderMessage
    | RatingMessage
    | RatedMessage
    | FailureMessage
    | HandoffMessage
    | RepeatMessage
  )[];
  reply_to: number | null;
}
/**
 * Plain words.
 */
export interface TextMessage {
  effect: "" | "elder_on" | "elder_off";
  kind: "text";
  replies: QuickReply[];
  status: string;
  text: string;
}
/**
 * Several guides may be meant: which one?
 */
export interface ClarifyMessage {
  kind: "clarify";
  options: GuideOption[];
  replies: QuickReply[];
  text: string;
}
/**
 * One guide to choose from.
 */
export interface GuideOption {
  department: string;
  guide_id: string;
  name: string;
  summary: string;
}
/**
 * The state of one case.
 */
export interface CaseMessage {
  case: CaseView;
  kind: "case_status";
  replies: QuickReply[];
  text: string;
}
/**
 * How far an application has got; nothing that names the applicant in full.
 */
export interface CaseView {
  applicant: string;
  as_of: string;
  case_no: string;
  citizen_must: string;
  demo: boolean;
  department: string;
  due_on: string | null;
  holder: string;
  item: string;
  must_items: string[];
  next_step: string;
  result: string;
  source: string;
  status: string;
  statutory_due: string | null;
  steps: TimelineStep[];
  submitted_on: string;
}
/**
 * One station of a case or of a work order.
 */
export interface TimelineStep {
  at: string | null;
  note: string;
  state: "done" | "current" | "next";
  title: string;
}
/**
 * The receipt for a message that was left.
 */
export interface WorkOrderMessage {
  code_given: boolean;
  department: string;
  due_on: string;
  kind: "work_order";
  order_no: string;
  query_code: string;
  replies: QuickReply[];
  status: string;
  steps: TimelineStep[];
  summary: string;
  text: string;
}
/**
 * Ask for a 好差评. Sent back as `act rate {subject, level, reasons, comment}`.
 */
export interface RatingMessage {
  kind: "rating";
  levels: QuickReply[];
  reasons_bad: string[];
  reasons_good: string[];
  replies: QuickReply[];
  subject: string;
  text: string;
}
/**
 * Thanks for a rating.
 */
export interface RatedMessage {
  kind: "rated";
  level: number;
  replies: QuickReply[];
  subject: string;
  text: string;
}
/**
 * Something behind the bot did not work; says so plainly and offers a person.
 */
export interface FailureMessage {
  kind: "failure";
  replies: QuickReply[];
  status: string;
  text: string;
}
/**
 * From the action server to the gateway only: the citizen asked for a person.
 */
export interface HandoffMessage {
  kind: "handoff";
  reason: string;
  summary: {
    [k: string]: string;
  };
}
/**
 * From the action server to the gateway only: say the bot's last words again.
 */
export interface RepeatMessage {
  kind: "repeat";
}
/**
 * The server is going away on purpose: come back in `retry_in_s` seconds.
 */
export interface Bye {
  retry_in_s: number;
  type: "bye";
  v: 1;
}
/**
 * What the citizen said.
 */
export interface CitizenSaid {
  kind: "citizen_said";
  text: string;
}
/**
 * An officer who is there now.
 */
export interface Colleague {
  name: string;
  talks: number;
  username: string;
}
/**
 * Take a waiting conversation; answered with `transcript` or `error mode_conflict`.
 */
export interface DeskAccept {
  conversation_id: string;
  id: string;
  type: "accept";
  v: 1;
}
/**
 * Hold what the officer is typing against the guide at hand; answered with `warnings`, never stored.
 */
export interface DeskCheck {
  conversation_id: string;
  guide_id: string;
  id: string;
  text: string;
  type: "check";
  v: 1;
}
/**
 * End the officer's part; answered with `done`.
 */
export interface DeskClose {
  conversation_id: string;
  id: string;
  reason: "solved" | "citizen_left" | "referred" | "other";
  type: "close";
  v: 1;
}
/**
 * A suggestion does not fit; answered with `done`.
 */
export interface DeskDismiss {
  conversation_id: string;
  id: string;
  reason: string;
  suggestion_id: string;
  type: "dismiss";
  v: 1;
}
/**
 * A note for colleagues; the citizen never sees it.
 */
export interface DeskNote {
  conversation_id: string;
  id: string;
  text: string;
  type: "note";
  v: 1;
}
/**
 * Show a conversation that this officer holds or that waits: answered with `transcript`.
 */
export interface DeskOpen {
  after: number;
  conversation_id: string;
  id: string;
  type: "open";
  v: 1;
}
/**
 * The officer's words to the citizen.
 */
export interface DeskSay {
  conversation_id: string;
  edited: boolean;
  id: string;
  suggestion_id: string | null;
  text: string;
  type: "say";
  v: 1;
}
/**
 * Hand the conversation on; answered with `done`.
 */
export interface DeskTransfer {
  conversation_id: string;
  id: string;
  note: string;
  to: string;
  type: "transfer";
  v: 1;
}
/**
 * The officer is writing.
 */
export interface DeskTyping {
  conversation_id: string;
  type: "typing";
  v: 1;
}
/**
 * Desk only: a command without an event of its own has been carried out.
 */
export interface DoneFrame {
  ref: string;
  type: "done";
  v: 1;
}
/**
 * `message` is a plain Chinese sentence with the next step; `code` is for programs.
 */
export interface ErrorFrame {
  code:
    | "bad_frame"
    | "unknown_type"
    | "frame_too_large"
    | "text_empty"
    | "text_too_long"
    | "rate_limited"
    | "mode_conflict"
    | "not_yours"
    | "forbidden"
    | "not_found"
    | "not_rateable"
    | "channel_off"
    | "unavailable"
    | "internal";
  field: string | null;
  message: string;
  ref: string | null;
  type: "error";
  v: 1;
}
/**
 * One stored event. `ref` is the sender's own id: seeing it back is the acknowledgement.
 */
export interface EventFrame {
  at: string;
  conversation_id: string;
  payload:
    | CitizenSaid
    | BotSaid
    | AgentSaid
    | HandoffRequested
    | HandoffAccepted
    | HandoffEnded
    | IdentityChanged
    | NoteAdded
    | SuggestionOffered
    | SuggestionUsed;
  ref: string | null;
  seq: number;
  type: "event";
  v: 1;
}
/**
 * The conversation waits for an officer from now on.
 */
export interface HandoffRequested {
  kind: "handoff_requested";
  reason: string;
  text: string;
}
/**
 * An officer has taken the conversation.
 */
export interface HandoffAccepted {
  agent_name: string;
  kind: "handoff_accepted";
  text: string;
}
/**
 * Closed by the officer, given up by the citizen, or expired because nobody accepted in time.
 */
export interface HandoffEnded {
  kind: "handoff_ended";
  outcome: "closed" | "left" | "expired" | "agent_lost" | "transferred";
  reason: "" | "solved" | "citizen_left" | "referred" | "other";
  text: string;
}
/**
 * The citizen agreed to sign in, is signed in or out; another device joined, or may no longer.
 *
 * Says nothing of who they are.
 */
export interface IdentityChanged {
  how: "" | "oidc" | "app";
  kind: "identity_changed";
  step: "consented" | "signed_in" | "signed_out" | "joined" | "revoked";
  task: string;
  text: string;
  uses: string[];
}
/**
 * Desk only: what an officer wrote for colleagues.
 */
export interface NoteAdded {
  agent_name: string;
  kind: "note_added";
  text: string;
}
/**
 * Desk only.
 */
export interface SuggestionOffered {
  draft: boolean;
  for_seq: number;
  kind: "suggestion_offered";
  suggestions: Suggestion[];
}
/**
 * One answer offered to the officer.
 */
export interface Suggestion {
  basis: string;
  confidence: "high" | "fair";
  guide_id: string;
  source: string;
  suggestion_id: string;
  text: string;
  unverified: boolean;
}
/**
 * Desk only: feeds the acceptance rate.
 */
export interface SuggestionUsed {
  kind: "suggestion_used";
  outcome: "sent" | "edited" | "dismissed";
  reason: string;
  suggestion_id: string;
}
/**
 * One thing in the officer's words that the guide does not bear out.
 */
export interface GuideWarning {
  field: "fee" | "time_limit" | "materials";
  guide_says: string;
  said: string;
}
/**
 * The emergency notice: sent on connect where there is one, and on every change. Empty: none any more.
 */
export interface NoticeFrame {
  text: string;
  type: "notice";
  v: 1;
}
/**
 * Keep-alive; answered with `pong`.
 */
export interface Ping {
  type: "ping";
  v: 1;
}
/**
 * Answer to `ping`.
 */
export interface Pong {
  type: "pong";
  v: 1;
}
/**
 * One conversation in an officer's lists.
 */
export interface QueueEntry {
  agent_name: string | null;
  channel: string;
  conversation_id: string;
  mine: boolean;
  mode: "bot" | "waiting" | "agent" | "closed";
  preview: string;
  reason: string;
  title: string;
  waiting_since: string | null;
}
/**
 * Desk only: the whole list, sent on connect and on every change.
 */
export interface QueueFrame {
  active: QueueEntry[];
  closed: QueueEntry[];
  colleagues: Colleague[];
  type: "queue";
  v: 1;
  waiting: QueueEntry[];
}
/**
 * Where a waiting citizen stands.
 */
export interface QueuePlace {
  minutes: number | null;
  place: number;
  waited_s: number;
}
/**
 * The citizen's own words.
 */
export interface Say {
  id: string;
  text: string;
  type: "say";
  v: 1;
}
/**
 * The live state of the conversation; sent on connect and on each change. Not stored.
 */
export interface StateFrame {
  agent_name: string | null;
  agent_typing: boolean;
  ahead: number;
  citizen_typing: boolean;
  conversation_id: string;
  last_seq: number;
  mode: "bot" | "waiting" | "agent" | "closed";
  queue: QueuePlace | null;
  thinking: boolean;
  type: "state";
  v: 1;
}
/**
 * Desk only: answer to `open` and `accept`.
 */
export interface TranscriptFrame {
  conversation_id: string;
  events: EventFrame[];
  facts: {
    [k: string]: string;
  };
  ref: string | null;
  state: StateFrame;
  type: "transcript";
  v: 1;
}
/**
 * The citizen is typing; `draft` is used only to prepare suggestions while an officer holds the talk.
 */
export interface Typing {
  draft: string;
  type: "typing";
  v: 1;
}
/**
 * Desk only: answer to `check`; empty when nothing contradicts.
 */
export interface WarningsFrame {
  conversation_id: string;
  ref: string;
  type: "warnings";
  v: 1;
  warnings: GuideWarning[];
}
