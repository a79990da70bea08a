/** Whether text fits a pattern in which * stands for any text; \* and \\ stand for themselves. */
export function matchesWildcard(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\([*\\])|\*|[^*\\]+|\\/g, (token, escaped?: string) => {
    if (escaped) return quote(escaped);
    return token === '*' ? '[^]*' : quote(token);
  });
  return new RegExp(`^${source}$`).test(text);
}

const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
