/** Serves one message. `whole` is the request as the SDK takes it, made only when the SDK has a part in the answer. */
export type Exchange = (signal: AbortSignal, whole: () => Request) => Promise<ShortAnswer>;

/** The text of an answer with status 200 and JSON, or what the SDK makes of it. */
export type ShortAnswer = string | Response;

/** Reads a header of the request. */
export type Header = (name: string) => string | null;
