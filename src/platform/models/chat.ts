import type { ChatSettings } from '../../config/schema.ts';
import { ChatModelFailed } from './errors.ts';
import { costOfChat, isCount, noteSpent } from './spending.ts';

export interface ChatRequest {
  /** What the model is to do, which outranks whatever the prompt holds. */
  system: string;
  prompt: string;
}

export interface ChatReply {
  /** Without what the model thought before it. */
  text: string;
  /** As the model calls itself, where it says so. */
  model: string;
  /** As the model counts them; absent where it does not. */
  tokens?: ChatTokens;
  /** In the currency of the settings; absent without a price. */
  cost?: number;
  /** Whether it had to stop before it was done. */
  isCut: boolean;
}

export interface ChatTokens {
  input: number;
  output: number;
}

/** A model that answers one prompt with one text. */
export interface ChatModel {
  /** Throws `ChatModelFailed` when it cannot be asked or takes too long, and what the signal is aborted with. */
  complete(request: ChatRequest, signal: AbortSignal): Promise<ChatReply>;
}

interface Deps {
  settings: ChatSettings;
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Told of what each answer took. */
  used?(tokens: ChatTokens, cost: number): void;
}

/** An endpoint that speaks OpenAI's `POST /chat/completions`: a hosted model, or Ollama, vLLM and the like. */
export function createChat({ settings, fetch, used }: Deps): ChatModel {
  const { url, model, apiKey, temperature, maxOutputTokens, timeoutMs } = settings;
  return {
    async complete({ system, prompt }, signal) {
      // Loaded when it is needed: most servers run without a model.
      const [{ extractReasoningMiddleware, generateText, wrapLanguageModel }, { createOpenAICompatible }] =
        await Promise.all([import('ai'), import('@ai-sdk/openai-compatible')]);
      const provider = createOpenAICompatible({
        name: 'chat',
        baseURL: url,
        fetch: fetch as typeof globalThis.fetch,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      const tooLong = AbortSignal.timeout(timeoutMs);
      try {
        const { text, usage, response, finishReason } = await generateText({
          model: wrapLanguageModel({
            model: provider.chatModel(model),
            middleware: extractReasoningMiddleware({ tagName: 'think' }), // several local models think aloud
          }),
          instructions: system,
          prompt,
          maxOutputTokens,
          maxRetries: 1,
          abortSignal: AbortSignal.any([signal, tooLong]),
          ...(temperature === undefined ? {} : { temperature }),
        });
        const { inputTokens, outputTokens } = usage;
        const tokens =
          isCount(inputTokens) && isCount(outputTokens) ? { input: inputTokens, output: outputTokens } : undefined;
        const cost = tokens && costOfChat(settings, tokens);
        if (tokens) {
          noteSpent(tokens.input + tokens.output, cost);
          used?.(tokens, cost ?? 0);
        }
        return {
          text,
          model: response.modelId || model,
          isCut: finishReason === 'length',
          ...(tokens ? { tokens } : {}),
          ...(cost === undefined ? {} : { cost }),
        };
      } catch (error) {
        signal.throwIfAborted();
        const reason = tooLong.aborted ? `it takes longer than ${timeoutMs} ms` : reasonOf(error);
        // No cause: errors of the SDK hold the prompt, with the words of documents in it, and what the endpoint said.
        throw ChatModelFailed({ model, reason });
      }
    },
  };
}

function reasonOf(error: unknown): string {
  const last = error instanceof Error && 'lastError' in error ? error.lastError : error; // of several tries
  const status = last instanceof Error && 'statusCode' in last ? last.statusCode : undefined;
  if (typeof status === 'number' && status >= 400) return `its endpoint answers with status ${status}`;
  if (typeof status === 'number') return 'its endpoint answers with something else than a completion';
  let inner = last;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const code = inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? ` (${inner.code})` : '';
  return `the connection fails${code}`;
}
