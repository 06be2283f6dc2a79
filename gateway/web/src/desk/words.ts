/** Chinese for the codes that the gateway stores. An unknown code is shown as it is rather than hidden. */
const CHANNELS: Record<string, string> = { portal: "门户网页", wechat: "微信", api: "接口" };
const REASONS: Record<string, string> = {
  asked: "本人要求",
  not_understood: "小洪没听懂",
  failure: "系统故障",
  agent_lost: "工作人员掉线",
};

export const channelName = (code: string) => CHANNELS[code] ?? code;
export const reasonName = (code: string) => REASONS[code] ?? code;
