import type { ToolDefinition } from '../../../kernel/tool.ts';
import type { Selection } from './select.ts';

export type Place = 'path' | 'query' | 'header' | 'cookie';
export const places: readonly Place[] = ['path', 'query', 'header', 'cookie'];

export const styles = ['simple', 'label', 'matrix', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const;
export type Style = (typeof styles)[number];

/** How a value becomes text: OpenAPI's `style` and `explode`, or JSON. */
export interface Serialization {
  style: Style;
  explode: boolean;
  /** Characters that have a meaning in URLs stay as they are. */
  allowReserved?: true;
  /** As JSON text, whatever the style. */
  json?: true;
}

/** One argument of a tool that goes into the URL or the head of the request. */
export interface ParameterPlan extends Serialization {
  argument: string;
  place: Place;
  /** As the API has it. */
  name: string;
  /** What a text of a link to the next page has to be turned into. */
  type?: 'number' | 'boolean' | 'array';
}

export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'binary';

/** How one field of a form is sent. */
export interface FieldEncoding extends Serialization {
  /** Given as base64, sent as bytes. */
  binary?: true;
  /** Of its part in a multipart body. */
  contentType?: string;
}

export interface BodyPlan {
  kind: BodyKind;
  contentType: string;
  required: boolean;
  /** The argument that is the whole body; otherwise its fields are arguments of their own. */
  argument?: string;
  fields?: { argument: string; name: string }[];
  /** Of fields of forms that are not sent in the usual way. */
  encoding?: Record<string, FieldEncoding>;
}

/** Where the value of a secret goes. */
export interface SecretPlan {
  /** Name of the security scheme. */
  scheme: string;
  place: 'header' | 'query' | 'cookie';
  name: string;
  format: 'plain' | 'bearer' | 'basic';
}

/** Everything that is needed to call one operation. */
export interface OperationPlan {
  tool: string;
  method: string;
  /** Address of the API without a slash at the end. */
  base: string;
  /** With `{name}` where path parameters go. */
  path: string;
  parameters: ParameterPlan[];
  body?: BodyPlan;
  secrets: SecretPlan[];
  accept: string;
  /** It has an output schema, so that each of its results needs structured content. */
  promisesOutput: boolean;
}

/** Something of the document that is not offered. */
export interface LeftOut {
  name: string;
  /** Fit for every caller: nothing in it comes from the document. */
  reason: string;
  /** For those who operate. */
  detail?: string;
  /** Set when it stands for more than one. */
  more?: true;
}

/** What an OpenAPI document comes to. */
export interface ApiImport {
  title: string;
  /** Of the API. */
  apiVersion: string;
  /** Of the OpenAPI specification. */
  version: string;
  /** Address of the API. */
  base: string;
  instructions?: string;
  tools: ToolDefinition[];
  plans: OperationPlan[];
  leftOut: LeftOut[];
}

/** What the settings say about an import. */
export interface ImportOptions {
  documentUrl?: string | undefined;
  baseUrl?: string | undefined;
  select?: Selection | undefined;
  /** Names of the security schemes that have a secret. */
  secrets: readonly string[];
  /** Names of the headers that are always sent. */
  headers: readonly string[];
  /** Methods whose tools count as destructive, in upper case. */
  destructive: readonly string[];
}
