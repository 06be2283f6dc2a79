/** Times for people: stored in UTC, shown in Asia/Shanghai. */
import { onBeforeUnmount, ref, type Ref } from "vue";

const zone = "Asia/Shanghai";
const timeOf = new Intl.DateTimeFormat("zh-CN", {
  timeZone: zone,
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const dayKey = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
const dayOf = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, month: "long", day: "numeric" });
const weekdayOf = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, weekday: "short" });

/** 14:02 today, 11月23日 14:02 before. */
export function moment(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const time = timeOf.format(at);
  return dayKey.format(at) === dayKey.format(new Date()) ? time : `${dayOf.format(at)} ${time}`;
}

/** An ISO date as 11月28日 周六; the year is added when it is not this one. */
export function day(isoDate: string): string {
  const at = new Date(`${isoDate.slice(0, 10)}T12:00:00+08:00`);
  if (Number.isNaN(at.getTime())) return isoDate;
  const year = isoDate.slice(0, 4);
  const prefix = year === String(new Date().getFullYear()) ? "" : `${year}年`;
  return `${prefix}${dayOf.format(at)} ${weekdayOf.format(at)}`;
}

/** Seconds as 52 秒 or 3 分 05 秒. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} 秒`;
  if (whole < 3600) return `${Math.floor(whole / 60)} 分 ${String(whole % 60).padStart(2, "0")} 秒`;
  return `${Math.floor(whole / 3600)} 小时 ${Math.floor((whole % 3600) / 60)} 分`;
}

/** The present moment in milliseconds, renewed every second. */
export function useNow(): Ref<number> {
  const now = ref(Date.now());
  const timer = window.setInterval(() => (now.value = Date.now()), 1000);
  onBeforeUnmount(() => window.clearInterval(timer));
  return now;
}
