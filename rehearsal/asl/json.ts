/** What JSON can hold. Values are never changed in place: history, inputs and outputs share them. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bytes of a value as compact UTF-8 JSON: what Step Functions counts. */
export const sizeOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));
