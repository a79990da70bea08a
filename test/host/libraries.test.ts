import { spawn } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { bash, frame, sourcing } from './bash.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgepaas-libraries-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('json::string', () => {
  const quote = (text: string) =>
    JSON.parse(bash(['json'], 'json::string "$1" 600; printf %s "$REPLY"', text)) as string;

  it.each(['plain', 'a "quote" and a \\ backslash', '$(reboot) `reboot` ${HOME} %s', 'é ✗ 🚀', ''])(
    'keeps %j',
    (text) => {
      expect(quote(text)).toBe(text);
    },
  );

  it('makes one line of several, and of control characters blanks', () => {
    expect(quote('one\ntwo\tthree\u0007')).toBe('one two three ');
  });

  it('leaves no half of a character behind where it cuts', () => {
    expect(JSON.parse(bash(['json'], 'json::string "$1" 4; printf %s "$REPLY"', 'abcé'))).toBe('abc');
  });
});

describe('parameters::upper_snake', () => {
  it.each([
    ['app', 'APP'],
    ['buildVersion', 'BUILD_VERSION'],
    ['debKeyFingerprint', 'DEB_KEY_FINGERPRINT'],
  ])('calls %s %s', (name, expected) => {
    expect(bash(['parameters'], 'parameters::upper_snake "$1"; printf %s "$REPLY"', name)).toBe(expected);
  });
});

describe('clock', () => {
  const anHourOff = (sign: string) =>
    `now=$EPOCHREALTIME; unset EPOCHREALTIME; EPOCHREALTIME=$((\${now%.*} ${sign} 3600)).\${now#*.}; SECONDS=$((SECONDS ${sign} 3600));`;

  it.each(['-', '+'])('tells how long something took though the clock was set (%s 1 h)', (sign) => {
    const script = `clock::mark; mark=$REPLY; ${anHourOff(sign)} read -r -t 0.2 < <(sleep 1) || true; clock::since "$mark"`;
    const passed = Number(bash(['clock'], `${script}; printf %s "$REPLY"`));
    expect(passed).toBeGreaterThanOrEqual(190);
    expect(passed).toBeLessThan(10_000);
  });

  it('counts as finely as the clock while that is not set', () => {
    const script = `clock::mark; mark="\${REPLY% *} $((\${REPLY#* } - 4000))"; clock::since "$mark"; printf %s "$REPLY"`;
    expect(Number(bash(['clock'], script))).toBeGreaterThanOrEqual(4);
  });
});

describe('env::value', () => {
  const file = join(folder, 'values.env');
  const value = (name: string, path = file) =>
    bash(['env'], 'env::value "$1" "$2"; printf %s "$REPLY"', name, path);

  it('is all that follows the first = of the line with that name', () => {
    writeFileSync(file, 'MODE=other=$(reboot) "x"\nOLD_MODE=old\nDATABASE=\n');
    expect(value('MODE')).toBe('other=$(reboot) "x"');
  });

  it.each(['DATABASE', 'DATA', 'reboot'])('is empty where there is none: %s', (name) => {
    expect(value(name)).toBe('');
  });

  it('is empty where there is no file', () => {
    expect(value('MODE', join(folder, 'absent.env'))).toBe('');
  });
});

describe('redact::text', () => {
  it('takes the values of the env file out of what an app wrote, and a URL’s password by itself', () => {
    const file = join(folder, 'web-1.env');
    writeFileSync(
      file,
      'BUILD_VERSION=v1\nDATABASE_URL=postgres://me:hunter2@db/x\nTOKEN=to*k[e]n?\nSHORT=ab\n',
    );
    const said = 'v1: no postgres://me:hunter2@db/x, password hunter2, to*k[e]n?, ab';
    const script = `env::file() { ENV_FILE=${file}; }; redact::text "$1"; printf %s "$REPLY"`;
    expect(bash(['redact'], script, said)).toBe('v1: no ***, password ***, ***, ab');
  });
});

describe('pull_size', () => {
  const gibibyte = 2 ** 30;
  /** What a layer of these compressed bytes is taken to unpack to. */
  function unpacked(compressed: number, type: string, end: Buffer): number {
    const file = join(folder, 'end');
    writeFileSync(file, end);
    const script = `COMPRESSED=0 UNPACKED=0; pull_size::add ${compressed} ${type} ${file}; printf %s "$UNPACKED"`;
    return Number(bash(['pull-size'], script));
  }
  const size = (bytes: number) => Buffer.from(Uint32Array.of(bytes % 2 ** 32).buffer);

  it('believes the end of a gzip layer, beyond 4 GiB too', () => {
    expect(unpacked(1000, 'layer.v1.tar+gzip', size(150 << 20))).toBe(150 << 20);
    expect(unpacked(2 * gibibyte, 'diff.tar.gzip', size(5 * gibibyte))).toBe(5 * gibibyte);
  });

  it.each([
    ['zstd', 'layer.v1.tar+zstd', size(1)],
    ['several archives in one layer', 'layer.v1.tar+gzip', size(10)],
    ['a registry that knows no ranges', 'layer.v1.tar+gzip', Buffer.alloc(9)],
  ])('takes three times the layer where nothing tells: %s', (_, type, end) => {
    expect(unpacked(1000, type, end)).toBe(3000);
  });

  it('takes a layer that is not compressed for what it is', () => {
    expect(unpacked(1000, 'layer.v1.tar', Buffer.alloc(0))).toBe(1000);
  });
});

describe('an image that was pulled', () => {
  it('is not taken for one of no architecture, nor removed, while Docker is away', () => {
    const script = `REPOSITORY_URI=registry/web DIGEST=sha256:0; curl() { printf '\\n000\\n'; }
      docker::may_return() { return 1; }; phase::fail() { printf %s "$1"; exit; }
      image::look; image::require_told; image::require_architecture`;
    expect(bash(['image'], script)).toBe('pull-failed');
    const back = `away=000; docker::may_return() { return 0; }; phase::sleep() { away=200; }
      docker::get() { DOCKER_STATUSES=("$away"); }
      REPOSITORY_URI=registry/web DIGEST=sha256:0; image::look; printf %s "$IMAGE_STATUS"`;
    expect(bash(['image'], back)).toBe('200');
  });
});

describe('candidate::choose_logging', () => {
  const logging = (config: object) => {
    const file = join(folder, 'daemon.json');
    writeFileSync(file, JSON.stringify(config, null, 2));
    const elsewhere = `eval "$(declare -f candidate::choose_logging | sed "s#/etc/docker/daemon.json#$1#g")"`;
    return bash(['candidate'], `${elsewhere}; candidate::choose_logging; echo "\${LOGGING[*]}"`, file).trim();
  };

  it('bounds what Docker keeps of a container’s words, and asks nothing of a driver that keeps them elsewhere', () => {
    const bounded = '--log-opt max-size=10m --log-opt max-file=3';
    expect(logging({ 'log-driver': 'json-file' })).toBe(bounded);
    expect(logging({ 'log-driver': 'local' })).toBe(bounded);
    expect(logging({ 'log-driver': 'journald' })).toBe('');
    expect(logging({ 'log-driver': 'awslogs', 'log-opts': { 'awslogs-group': 'local' } })).toBe('');
  });
});

describe('http::get', () => {
  async function ask(listener: RequestListener, show: string, seconds = 2): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const script = `${frame} ${sourcing(['http'])} http::get 127.0.0.1 ${port} /health localhost ${seconds}; ${show}`;
    const run = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    run.stdout.on('data', (chunk) => (said += chunk));
    await once(run, 'close');
    server.closeAllConnections();
    server.close();
    return said;
  }

  it('reads status, headers and body', async () => {
    const answer: RequestListener = (_, response) =>
      response.writeHead(418, { 'X-Build-Version': 'v1', 'content-length': 5 }).end('hello');
    const show = 'http::header x-build-version; printf "%s %s %s" "$HTTP_STATUS" "$REPLY" "$HTTP_BODY"';
    expect(await ask(answer, show)).toBe('418 v1 hello');
  });

  it('joins the chunks of a body without a length', async () => {
    const answer: RequestListener = (_, response) => {
      response.write('one,');
      setImmediate(() => response.end('two'));
    };
    expect(await ask(answer, 'printf %s "$HTTP_BODY"')).toBe('one,two');
  });

  it('says 000 of a server that never answers, when the time is up', async () => {
    const before = performance.now();
    expect(await ask(() => {}, 'printf %s "$HTTP_STATUS"', 1)).toBe('000');
    expect(performance.now() - before).toBeGreaterThan(900);
  });

  it('says 000 where nobody listens', () => {
    expect(bash(['http'], 'http::get 127.0.0.1 1 / localhost 2; printf %s "$HTTP_STATUS"')).toBe('000');
  });
});

describe('slot::is_dead', () => {
  it.each([
    ['200', '{"State":{"Running":true},"RestartCount":0}', 'lives'],
    ['200', '{"State":{"Running":false},"RestartCount":0}', 'dead'],
    ['404', '{"message":"No such container"}', 'dead'],
    ['500', '{"message":"context deadline exceeded"}', 'lives'],
    ['000', '', 'lives'],
  ])('of a container of which Docker says %s, %s: %s', (status, answer, expected) => {
    const said = bash(
      ['slot'],
      `APP=web; docker::get_patiently() { DOCKER_STATUSES=("$status") DOCKER_ANSWERS=("$answer"); }
       status=$1 answer=$2; slot::look blue; if slot::is_dead; then printf dead; else printf lives; fi`,
      status,
      answer,
    );
    expect(said).toBe(expected);
  });
});

describe('slot::identify', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const identify = (container: object, image: object) =>
    bash(
      ['slot'],
      `APP=web REPOSITORY_URI=registry/web DIGEST=${digest}
       docker::get() { DOCKER_STATUSES=(200 200) DOCKER_ANSWERS=("$container" "$image"); }
       container=$1 image=$2; slot::identify blue; printf %s "$IS_RELEASE"`,
      JSON.stringify(container),
      JSON.stringify(image),
    );
  const other = `sha256:${'b'.repeat(64)}`;

  it.each([
    ['the id of the image', { Image: other, Config: { Image: other } }, { Id: other }, 'true'],
    [
      'the digest it was asked for by',
      { Image: digest, Config: { Image: `registry/web@${digest}` } },
      {},
      'true',
    ],
    ['neither', { Image: digest, Config: { Image: `registry/web@${other}` } }, { Id: other }, 'false'],
    [
      'a text that says so',
      { Image: other, Args: [`"Image":"registry/web@${digest}"`], Config: { Image: other } },
      { Id: digest },
      'false',
    ],
  ])('knows a container by %s', (_, container, image, expected) => {
    expect(identify(container, image)).toBe(expected);
  });
});

describe('http::name_for', () => {
  it.each([
    ['_', 'edgepaas.invalid'],
    ['shop.example.com', 'shop.example.com'],
    ['*.example.com', 'edgepaas.example.com'],
    ['shop.*', 'shop.edgepaas'],
  ])('asks for %s by %s', (serverName, name) => {
    expect(bash(['http'], 'http::name_for "$1"; printf %s "$REPLY"', serverName)).toBe(name);
  });
});
