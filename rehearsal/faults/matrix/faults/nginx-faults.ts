import { phaseNames, type PhaseName } from '../../../../contracts/phase-name.ts';
import { either, goesOn, isRefused, isStuck } from '../endings.ts';
import type { Fault } from '../fault.ts';
import type { Scene } from '../scene.ts';

const touchingNginx: readonly PhaseName[] = [
  'inspect',
  'install-nginx',
  'switch-traffic',
  'bake',
  'retire',
  'revert',
];

const broken = '/etc/nginx/conf.d/a-person.conf';
const breakFile = `echo 'listen { oops' >${broken}`;

/** Nothing proves itself through an Nginx that is down; nothing else needs it. */
const unproven = ['nginx-not-ready', 'nginx-config-invalid', 'switch-not-proven', 'port-80-taken'] as const;
const withoutNginx = either(goesOn, isRefused(...unproven), isStuck(...unproven));

async function takeDown(scene: Scene, script: string, comeBack: string): Promise<void> {
  scene.excuse('Nginx stopped');
  scene.undo(() => scene.ground.shell(comeBack));
  await scene.ground.shell(script);
}

/** Has begun to listen when it answers; fails where somebody else does already. */
const squat = (address: string, port: string) =>
  `systemd-run --quiet --collect --unit=squatter --property=Type=forking perl -MIO::Socket::INET -e 'my ($address, $port) = @ARGV;
    my $s = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 5, ReuseAddr => 1) or die $@;
    exit 0 if fork; sleep 1 while 1' ${address} ${port}`;
const idlePort = `$([ -e /var/lib/edgepaas/apps/web/traffic/green ] && echo 8080 || echo 8081)`;
const leave = 'systemctl stop squatter 2>/dev/null || :';

export const nginxFaults = {
  'nginx-file-broken': {
    says: "a person breaks Nginx's configuration on disk",
    places: phaseNames,
    promise: either(goesOn, isRefused('nginx-config-invalid')),
    async strike({ ground, undo }) {
      undo(() => ground.shell(`rm -f ${broken}`));
      await ground.shell(breakFile);
    },
  },
  'nginx-broken-and-restarted': {
    says: "a person breaks Nginx's configuration and restarts it, so that it stays down",
    places: touchingNginx,
    promise: withoutNginx,
    strike: (scene) =>
      takeDown(
        scene,
        `${breakFile}; systemctl restart nginx || :`,
        `rm -f ${broken}; systemctl restart nginx`,
      ),
  },
  'nginx-restart': {
    says: 'a person restarts Nginx',
    places: touchingNginx,
    promise: goesOn,
    async strike(scene) {
      const excuse = scene.excuse('Nginx stopped');
      await scene.ground.shell('systemctl restart nginx');
      excuse.until = Date.now();
    },
  },
  'nginx-stop': {
    says: 'a person stops Nginx',
    places: touchingNginx,
    promise: withoutNginx,
    // Where the phase starts it at that moment, systemd drops what the person asked for.
    strike: (scene) => takeDown(scene, 'systemctl stop nginx || :', 'systemctl start nginx'),
  },
  'port-80-taken': {
    says: 'another program takes port 80 from Nginx',
    places: ['inspect', 'install-nginx', 'switch-traffic', 'bake', 'revert'],
    promise: withoutNginx,
    // Until it has the port: install-nginx may start Nginx at that moment.
    strike: (scene) =>
      takeDown(
        scene,
        `until systemctl stop nginx && ${squat('0.0.0.0', '80')}; do :; done`,
        `${leave}; systemctl start nginx`,
      ),
  },
  'slot-port-taken': {
    says: "another program takes the idle slot's port",
    places: ['inspect', 'pull-release', 'start-candidate'],
    // Where the candidate has it already, the other program does not get it.
    promise: (place) =>
      place === 'start-candidate'
        ? either(goesOn, isRefused('slot-port-taken'))(place)
        : isRefused('slot-port-taken')(place),
    latest: 0.1,
    async strike({ ground, place, undo }) {
      undo(() => ground.shell(leave));
      await ground.shell(`${squat('127.0.0.1', idlePort)} ${place === 'start-candidate' ? '|| :' : ''}`);
    },
  },
} satisfies Record<string, Fault>;
