/** A booking as a calendar file (RFC 5545), with a reminder one hour before. */
import type { BookingView } from "../shared/protocol";

const escape = (text: string) => text.replace(/([\\,;])/g, "\\$1").replace(/\n/g, "\\n");
/** Beijing wall time as UTC, e.g. 2026-11-28 09:30 -> 20261128T013000Z. */
const utc = (day: string, time: string) =>
  new Date(`${day}T${time}:00+08:00`).toISOString().replace(/[-:]|\.\d{3}/g, "");

export function calendarFile(view: BookingView): string {
  return [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Nanchang Zhifu//booking//ZH",
    "BEGIN:VEVENT",
    `UID:${view.booking_no}@nanchang-zhifu`,
    `DTSTAMP:${new Date().toISOString().replace(/[-:]|\.\d{3}/g, "")}`,
    `DTSTART:${utc(view.day, view.start)}`,
    `DTEND:${utc(view.day, view.end)}`,
    `SUMMARY:${escape(`办理${view.item}（预约号 ${view.booking_no}）`)}`,
    `LOCATION:${escape(`${view.hall} ${view.address}`)}`,
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:办事预约提醒",
    "TRIGGER:-PT1H",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ].join("\r\n");
}
