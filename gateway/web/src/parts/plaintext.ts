/** What a screen reader is told about a finished answer: the words, and what comes with them. */
import type { BotMessage, EventPayload } from "../shared/frames";

function ofMessage(message: BotMessage): string {
  switch (message.kind) {
    case "answer":
      return `${message.lead} 下方有“${message.card.name}”办事卡片，共 ${message.card.sections.length} 部分。`;
    case "clarify":
      return `${message.text} 可选：${message.options.map((option) => option.name).join("、")}。`;
    case "ask": {
      const rows = message.rows.map((row) => `${row.label}：${row.value}`).join("；");
      const options = message.options.map((option) => option.label + option.hint).join("、");
      return [message.text, rows, options && `可选：${options}。`].filter(Boolean).join(" ");
    }
    case "case_status":
      return `${message.text} 办件状态：${message.case.status}。${message.case.next_step}`;
    case "work_order":
      return `${message.text} 工单号 ${message.order_no}${message.status ? `，${message.status}` : ""}。`;
    case "handoff":
    case "repeat":
      return "";
    default:
      return message.text;
  }
}

export function announcement(payload: EventPayload): string {
  switch (payload.kind) {
    case "bot_said":
      return `小洪说：${payload.messages.map(ofMessage).join(" ")}`;
    case "agent_said":
      return `工作人员${payload.agent_name}说：${payload.text}`;
    case "handoff_requested":
    case "handoff_accepted":
    case "handoff_ended":
    case "identity_changed":
      return payload.text;
    default:
      return "";
  }
}
