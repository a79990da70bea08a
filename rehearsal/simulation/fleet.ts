import type { AppSettings } from '../../contracts/app-settings.ts';
import type { RehearsalVolume } from '../aws/ec2-volumes.ts';
import type { ImageBehaviours } from '../host/simulated/image-behaviour.ts';
import { SimulatedHost } from '../host/simulated/simulated-host.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { Weather } from './weather.ts';

export interface FleetOptions {
  readonly app: AppSettings;
  readonly time: SimulatedTime;
  readonly weather: Weather;
  readonly behaviours: ImageBehaviours;
  /** Hosts from the beginning. */
  readonly count: number;
}

/** Hosts that may yet appear. */
const spare = 3;

/** The hosts of a schedule: those that are there from the beginning, and those that appear. Each has a zone of its own. */
export class Fleet {
  readonly hosts: SimulatedHost[];
  readonly volumes: readonly RehearsalVolume[];
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { count, app } = options;
    const { key, value } = app.volume.tag;
    this.hosts = Array.from({ length: count }, (_, index) => this.#make(index, [volumeOf(index)]));
    this.volumes = Array.from({ length: count + spare }, (_, index) => ({
      volumeId: volumeOf(index),
      availabilityZone: zoneOf(index),
      tags: { [key]: value },
      ...(index < count && { attachedTo: instanceOf(index) }),
    }));
  }

  /** A bare host, whose volume is not attached yet; undefined when all that could appear have. */
  add(): SimulatedHost | undefined {
    if (this.hosts.length >= this.volumes.length) return undefined;
    const host = this.#make(this.hosts.length, []);
    this.hosts.push(host);
    return host;
  }

  #make(index: number, volumes: readonly string[]): SimulatedHost {
    const { app, time, weather, behaviours } = this.#options;
    return new SimulatedHost({
      clock: time,
      instanceId: instanceOf(index),
      tags: { [app.hostTag.key]: app.hostTag.value },
      availabilityZone: zoneOf(index),
      behaviours,
      faults: weather.hostFaults(),
      requestsPerSecond: 100,
      state: { volumes: new Set(volumes) },
    });
  }
}

const two = (index: number) => String(index).padStart(2, '0');
const instanceOf = (index: number) => `i-000000000000000${two(index)}`;
const volumeOf = (index: number) => `vol-000000000000000${two(index)}`;
const zoneOf = (index: number) => `eu-central-1${'abcdefghijkl'[index]}`;
