import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A passage as the prompt has it. */
export interface PromptPassage {
  number: number;
  /** With the line that says where it stands. */
  text: string;
}

/** What is said to a prompt: the passages and the question that were found in it. */
export type Say = (passages: PromptPassage[], question: string) => string;

export interface ChatServer {
  /** As a client wants it: with the version. */
  url: string;
  /** What it was asked: the messages as one text, with the bearer token. */
  asked: { text: string; token: string | undefined; body: Record<string, unknown> }[];
  say(next: Say): void;
  /** Answers so many requests otherwise. */
  instead(times: number, respond: (response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

export function passagesIn(prompt: string): PromptPassage[] {
  const found = prompt.matchAll(/^\[(\d+)\] passage \d+ [^\n]*\n<(document-[0-9a-f]+)>\n(.*?)\n<\/\2>$/gms);
  return [...found].map(([, number, , said = '']) => ({ number: Number(number), text: said }));
}

/** The sentences of the passages that share a longer word with the question, each cited: what an honest model would do. */
export const honest: Say = (passages, question) => {
  const words = question.toLowerCase().match(/\p{L}{5,}/gu) ?? [];
  const cited = passages.flatMap(({ number, text: said }) =>
    (
      said
        .split('\n\n')
        .slice(1)
        .join(' ')
        .match(/[^.]+\./g) ?? []
    )
      .filter((sentence) => words.some((word) => sentence.toLowerCase().includes(word)))
      .map((sentence) => `${sentence.trim().replace(/\.$/, '')} [${number}].`),
  );
  return cited.length > 0 ? cited.join(' ') : 'NO_ANSWER';
};

/** An endpoint as OpenAI's clients expect it, which answers from the prompt that it gets, as the test has it say. */
export async function startChat(): Promise<ChatServer> {
  const asked: ChatServer['asked'] = [];
  let say: Say = honest;
  let otherwise: { left: number; respond: (response: ServerResponse) => void } | undefined;
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as { messages: { role: string; content: string }[] };
    const prompt = body.messages.map(({ content }) => content).join('\n');
    asked.push({ text: prompt, token: request.headers.authorization, body });
    if (otherwise && otherwise.left-- > 0) {
      otherwise.respond(response);
      return;
    }
    if (request.url !== '/v1/chat/completions') {
      response.writeHead(404).end();
      return;
    }
    const question = /^Question: (.*)$/m.exec(prompt)?.[1] ?? '';
    const content = say(passagesIn(prompt), question);
    response.setHeader('content-type', 'application/json');
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
    const usage = { prompt_tokens: 900, completion_tokens: 100, total_tokens: 1_000 };
    response.end(
      JSON.stringify({ id: 'c1', object: 'chat.completion', created: 0, model: 'parrot-1', choices: [choice], usage }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    say(next) {
      say = next;
    },
    instead(left, respond) {
      otherwise = { left, respond };
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
