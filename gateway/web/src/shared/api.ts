/** REST calls of both pages. Every failure becomes an ApiError with a sentence that can be shown. */
import type { GuideCard, GuideOption, QuickReply } from "./protocol";

export interface Home {
  tiles: QuickReply[];
  hot: QuickReply[];
  notice: string;
}
export interface Conversation {
  conversation_id: string;
  last_seq: number;
}
export interface Officer {
  username: string;
  name: string;
  role: string;
}

export class ApiError extends Error {
  /** @param status HTTP status; 0 when the server was not reached. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, body?: unknown): Promise<T> {
  const options: RequestInit = { credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers = { ...options.headers, "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "unreachable", "连接不上服务器，请检查网络后再试。");
  }
  const data = await response.json().catch(() => null);
  if (!response.ok) {
    const problem = data?.error;
    throw new ApiError(
      response.status,
      problem?.code ?? "unknown",
      problem?.message ?? `服务暂时出了问题（${response.status}），请稍后再试。`,
    );
  }
  return data as T;
}

export const startConversation = (fresh: boolean) => call<Conversation>("/api/conversations", { fresh });
export const fetchHome = () => call<Home>("/api/home");
export const login = (username: string, password: string) =>
  call<Officer>("/api/desk/login", { username, password });
export const logout = () => call<unknown>("/api/desk/logout", {});
export const fetchMe = () => call<Officer>("/api/desk/me");
export const searchGuides = (words: string) =>
  call<{ guides: GuideOption[] }>(`/api/desk/guides?q=${encodeURIComponent(words)}`);
export const fetchGuide = (id: string) => call<GuideCard>(`/api/desk/guides/${encodeURIComponent(id)}`);
