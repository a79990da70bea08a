/** Throws for members that AWS would heed and the rehearsal would not. */
export function refuseUnknown(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${where}: the rehearsal does not know ${unknown.join(', ')}`);
}
