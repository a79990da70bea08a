type AttributeValue = Readonly<Record<string, unknown>>;

/** A value as DynamoDB writes it; what is undefined is left out, as by the SDK's document client with removeUndefinedValues. */
export function marshal(value: unknown): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Set) return { SS: [...(value as Set<string>)] };
  if (Array.isArray(value)) return { L: value.map(marshal) };
  return { M: marshalAll(value as object) };
}

export const marshalAll = (values: object): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, marshal(value)]])),
  );

export function unmarshal(value: AttributeValue): unknown {
  const [[type, content]] = Object.entries(value) as [[string, unknown]];
  if (type === 'NULL') return null;
  if (type === 'N') return Number(content);
  if (type === 'SS') return new Set(content as string[]);
  if (type === 'L') return (content as AttributeValue[]).map(unmarshal);
  return type === 'M' ? unmarshalAll(content as Record<string, AttributeValue>) : content;
}

export const unmarshalAll = (values: Readonly<Record<string, AttributeValue>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, unmarshal(value)]));
