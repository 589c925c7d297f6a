import { withoutHidden } from './characters.ts';
import { latinised } from './confusables.ts';
import type { Severity } from './finding.ts';

export interface Phrase {
  code: string;
  severity: Severity;
  message: string;
  /** Over a text that `plainText` made; linear, since every gap is bounded. */
  pattern: RegExp;
}

/** A text as phrases are sought in it: forms unified, small letters, one space between words, no emphasis. */
export function plainText(text: string): string {
  return latinised(withoutHidden(text))
    .toLowerCase()
    .replace(/[’‘`]/g, "'")
    .replace(/[*'"]{1,3}(?=[\w~/.<])|(?<=[\w/>.])[*'"]{1,3}(?!\w)/g, '')
    .replace(/\s+/g, ' ');
}

/** Up to so many words of the same sentence. */
const gap = (words: number) => `(?:[^ ]{0,40}[^ .;!?] ){0,${words}}`;
/** Up to so many words, whatever ends between them. */
const far = (words: number) => `(?:[^ ]{1,60} ){0,${words}}`;

const not = "(?:do not|don't|dont|never|must not|should not|shouldn't|mustn't|without|avoid|refrain from|not to)";
const people = '(?:users?|humans?|anyone|operator|customer|person|people)\\b';
const carry =
  '(?:pass|include|send|append|forward|attach|upload|put|provide|insert|paste|submit|transmit|copy|leak|supply)';
const take = '(?:read|open|cat|load|access|fetch|retrieve|find|collect|gather|extract)';
const secretFiles =
  '(?:~/\\.ssh|\\.ssh/|id_rsa|id_ed25519|\\.cursor/|mcp\\.json|claude_desktop_config|/etc/(?:passwd|shadow)|\\.aws/' +
  '|\\.netrc|\\.kube/config|\\.git-credentials|\\.npmrc|\\.env\\b|\\.bash_history|\\.config/gcloud)';
const context =
  '(?:system prompt|(?:conversation|chat|message) (?:history|context|log|transcript)' +
  '|(?:full|entire|complete|whole) (?:conversation|chat|prompt|context)|(?:conversation|chat) so far)';

function phrase(code: string, severity: Severity, message: string, ...patterns: string[]): Phrase {
  return { code, severity, message, pattern: new RegExp(patterns.join('|'), 'u') };
}

const override = 'Tells the model to set aside what it was told.';
const secrecy = 'Tells the model to keep something from the user.';
const secrets = 'Asks the model to hand over files or secrets.';
const wantsContext = 'Asks the model to hand over its conversation or instructions.';
const order = 'Tells the model which tool to call, or when, beyond what this tool does.';
const disguise = 'Marks a part of the text as if it came from the system or another speaker.';

/** What a description has no business saying to the model that reads it. */
export const phrases: readonly Phrase[] = [
  phrase(
    'instruction-override',
    'danger',
    override,
    `\\b(?:ignore|disregard|forget|override|bypass) ${gap(3)}(?:previous|prior|earlier|preceding|above|system|safety|your|original) ${gap(2)}(?:instructions?|prompts?|guidelines?|directives?|restrictions)\\b`,
    `\\b(?:ignore|disregard|forget) (?:all|any|the|every|other) ${gap(2)}(?:instructions|guidelines|directives|prompts|safety rules)\\b`,
    `\\b(?:ignore|disregard|forget) (?:everything|anything|all of) ${gap(2)}(?:above|previously|you were told|you know)\\b`,
    '\\bdisregard (?:all |everything )?(?:of )?the above\\b',
    '\\bfrom now on,? (?:you|always|never|act|respond|ignore)\\b',
    '\\byou are (?:now|no longer) (?:an?|the|in|bound|unrestricted|restricted|free|dan)\\b',
    '\\bunrestricted (?:ai|assistant|model|mode)\\b',
    '\\b(?:developer|god|jailbreak) mode with no restrictions\\b',
  ),
  phrase(
    'instruction-secrecy',
    'danger',
    secrecy,
    `\\b${not} ${gap(2)}(?:tell|inform)(?:ing)? ${gap(2)}${people}`,
    `\\b${not} ${gap(2)}(?:mention|reveal|disclose|admit)(?:ing)? ${gap(8)}to ${gap(1)}${people}`,
    `\\b${not} (?:mention|reveal|disclose) ${gap(1)}(?:this|that|it|these|anything)\\b`,
    `\\bwithout ${gap(2)}users?'?s? (?:knowledge|knowing|noticing|awareness|being aware)\\b`,
    '\\b(?:secretly|covertly|surreptitiously)\\b',
    `\\bkeep ${gap(3)}from the user\\b`,
  ),
  phrase(
    'instruction-secrecy',
    'warning',
    secrecy,
    `\\b${not} ${gap(2)}(?:show|display|report|explain|expose)(?:ing)? ${gap(6)}to ${gap(1)}${people}`,
    `\\b${not} ${gap(2)}(?:alert|warn|notify)(?:ing)? ${gap(2)}${people}`,
    `\\bsilently ${gap(1)}(?:send|forward|collect|upload|read|include|attach|log|transmit)\\b`,
  ),
  phrase(
    'instruction-consent',
    'warning',
    'Tells the model not to ask before it acts.',
    `\\b${not} (?:ask|request|wait|seek|prompt)(?:ing)? ${gap(4)}(?:confirm\\w{0,10}|approval|permission|consent)\\b`,
    `\\b(?:already|always|pre-?) ?(?:approved|authori[sz]ed|consented) by (?:the )?user\\b`,
  ),
  phrase(
    'instruction-secrets',
    'danger',
    secrets,
    `\\b${take} ${gap(6)}[^ ]{0,40}${secretFiles}[^ ]{0,40} ${far(20)}${carry}\\b`,
    `\\b${carry} ${gap(4)}contents? (?:of|from) ${gap(3)}[^ ]{0,40}${secretFiles}`,
    `\\b(?:any|all) ${gap(3)}(?:api keys?|passwords?|secrets|credentials|tokens|private keys?) ${gap(1)}(?:you (?:find|found|know|have|see|can)|in (?:your|the (?:context|conversation)))\\b`,
    `\\b(?:before|first|always|also|must|please|then)\\b,? ${gap(6)}${take} ${gap(4)}[^ ]{0,40}${secretFiles}`,
    `\\b(?:exfiltrate|leak) ${gap(4)}(?:keys?|passwords?|secrets|credentials|tokens|data|files?|contents?)\\b`,
  ),
  phrase(
    'instruction-secrets',
    'warning',
    secrets,
    `\\b(?:${take}|${carry}) ${gap(6)}[^ ]{0,40}${secretFiles}`,
    `\\b${carry} ${gap(3)}(?:user's |your |their )(?:password|credentials|private key|api key|secrets)\\b`,
  ),
  phrase(
    'instruction-context',
    'danger',
    wantsContext,
    `\\b${carry} ${gap(8)}(?:your|the (?:full|entire|complete|whole|current|model's)) ${gap(1)}(?:${context}|conversation\\b)`,
    `\\b${carry} ${gap(8)}(?:full|entire|complete|whole) ${gap(1)}(?:conversation|chat|system prompt|context)\\b`,
    "\\b(?:your|the (?:assistant|model|agent|llm|ai)(?: model)?'?s) (?:full |complete |entire |current |own )?system prompt\\b",
    `\\b(?:all|every) ${gap(1)}(?:previous|prior|user) (?:user )?(?:messages|tool calls|tool results)\\b`,
  ),
  phrase(
    'instruction-context',
    'warning',
    wantsContext,
    `\\b${carry} ${gap(6)}${context}`,
    `\\b(?:full|entire|complete|whole|verbatim) ${gap(1)}(?:conversation|chat|dialogue)\\b`,
    "\\busers?'?s? (?:original|full|exact|entire|complete|raw|verbatim) (?:prompt|message|query|question|request)\\b",
  ),
  phrase(
    'instruction-order',
    'warning',
    order,
    `\\bbefore ${gap(1)}(?:using|calling|running|invoking|performing|making|doing) ${gap(1)}(?:any|all|every|other) ${gap(2)}(?:tools?|actions?|requests?|operations?|calls?)\\b`,
    `\\b(?:must|always|have to|required to|need to) ${gap(2)}(?:call|use|invoke|run|execute) ${gap(1)}(?:this|it) ${gap(2)}(?:first|before|instead)\\b`,
    `\\b(?:must|always) ${gap(1)}be (?:called|used|invoked|run) (?:first|before|for (?:any|every|all))\\b`,
    '\\byou (?:must|have to|are required to|should) always (?:first )?(?:call|use|invoke|run|read|include|pass|send)\\b',
    '\\byou must (?:first )?(?:read|include|pass|send|append|forward|access|attach)\\b',
    `\\b(?:always|must) ${gap(6)}(?:for|with|on|in) (?:any|every|each|all) (?:user )?(?:requests?|quer(?:y|ies)|messages?|responses?|conversations?|tools?|tool calls?)\\b`,
    `\\b(?:never|do not|don't|stop|instead of|rather than) (?:use |using |call |calling )?(?:any |the )?other ${gap(2)}tools?\\b`,
    "\\botherwise,? (?:the|this) tool (?:will|won't|does|cannot|fails)\\b",
  ),
  phrase(
    'disguised-speaker',
    'danger',
    disguise,
    '</?(?:important|system|system-reminder|hidden|critical|admin|assistant|override|sys)(?: [^<>]{0,80})?>',
    '</(?:secret|instructions?|internal|note|notice)>',
    '<\\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id)[^<>]{0,20}\\|?>|\\[/?inst\\]|<</?sys>>',
    '### (?:instructions?|system|response):',
    '\\[(?:system|important|admin|hidden|override)(?: [a-z]{1,20}){0,3}\\]',
    `\\bsystem (?:instruction|override|directive)s?(?: [^ ]{1,20}){0,3}:`,
  ),
  phrase('html-comment', 'warning', 'Has an HTML comment, which a page does not show and a model reads.', '<!--'),
  phrase(
    'exfiltration-url',
    'danger',
    'Names a host that is known for collecting what others send.',
    '\\b(?:webhook\\.site|requestbin|pipedream\\.net|burpcollaborator|interact\\.sh|oast\\.(?:fun|live|pro|site|online|me)|beeceptor\\.com|hookbin|requestcatcher|canarytokens|ngrok(?:-free)?\\.(?:io|app|dev))',
  ),
  phrase(
    'exfiltration-url',
    'warning',
    'Sends the model, or data, to an address.',
    `\\b(?:send|post|forward|upload|transmit|submit|log) ${gap(8)}(?:to|at) ${gap(1)}https?://`,
    'https?://\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.(?!\\d{0,3}[:/]? ?\\(?local)\\d{1,3}(?<!//127\\.0\\.0\\.1)\\b(?!\\.)',
    `\\b(?:always|also|then|secretly) (?:e-?mail|send|forward|post|bcc|cc) ${gap(8)}(?:to )?[^ @]{1,60}@[^ @]{1,60}\\.[a-z]`,
    '\\bdata:text/[a-z]+[;,]',
  ),
  phrase(
    'image',
    'danger',
    'Loads a picture from an address, which can carry data away.',
    '!\\[[^\\]]{0,200}\\]\\(https?:',
    '<img [^<>]{0,200}src',
  ),
];

export interface PhraseHit {
  phrase: Phrase;
  match: string;
  excerpt: string;
}

/** At most one hit for each code, the graver one. */
export function phrasesIn(plain: string): PhraseHit[] {
  const hits = new Map<string, PhraseHit>();
  for (const each of phrases) {
    if (hits.has(each.code)) continue; // the list has danger first
    const found = each.pattern.exec(plain);
    if (found)
      hits.set(each.code, { phrase: each, match: found[0], excerpt: around(plain, found.index, found[0].length) });
  }
  return [...hits.values()];
}

export function around(text: string, start: number, length: number): string {
  const from = Math.max(0, start - 30);
  const to = Math.min(text.length, start + Math.min(length, 120) + 30);
  return `${from > 0 ? '…' : ''}${text.slice(from, to).trim()}${to < text.length ? '…' : ''}`;
}
