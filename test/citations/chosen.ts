import { type CitationWorld, passage } from './world.ts';

/** By these the rules and thresholds of the check were chosen. */
export const chosenWorlds: CitationWorld[] = [
  {
    name: 'releases',
    language: 'english',
    passages: [
      passage(
        'Rolling back',
        'Run `deploy rollback --release previous` and tell the channel #releases. The database is not rolled back: migrations are forward only. A rollback takes about 4 minutes in production.',
        ['How'],
      ),
      passage(
        'Release train',
        'Releases leave every Tuesday and Thursday at 10:00 UTC. Nobody deploys on Fridays, unless the incident commander asks for it. Each release is first served to 5 % of the users for 30 minutes.',
      ),
      passage(
        'Queues',
        'We use the queue `orders-v2` for orders, since the old broker lost messages under load. The consumer acknowledges a message only after its row is committed.',
      ),
    ],
    supported: [
      'To roll back, run `deploy rollback --release previous` [1].',
      'Migrations are forward only, so the database is not rolled back [1].',
      'A rollback in production takes about 4 minutes [1].',
      'After the rollback, tell the channel #releases [1].',
      'Releases leave on Tuesdays and Thursdays at 10:00 UTC [2].',
      'No deployment happens on Fridays unless the incident commander asks for it [2].',
      'A release is served to 5% of users for 30 minutes first [2].',
      'Orders go through the queue `orders-v2` because the old broker lost messages under load [3].',
      'A message is acknowledged only after its row has been committed [3].',
      'Releases are first served to 5 % of the users, and a rollback takes about four minutes [1][2].',
    ],
    unsupported: [
      'To roll back, run `deploy undo --release previous` [1].',
      'The database is rolled back along with the migrations [1].',
      'A rollback in production takes about 14 minutes [1].',
      'A rollback in production takes about 4 hours [1].',
      'Releases leave every Monday and Thursday at 10:00 UTC [2].',
      'Everybody deploys on Fridays when the incident commander asks [2].',
      'A release is served to 5 % of the users for 30 days first [2].',
      'Orders go through the queue `orders-v3` because the old broker lost messages [3].',
      'A message is acknowledged before its row is committed [3].',
      'Orders go through Kafka, since the old broker lost messages under load [3].',
      'The queue `orders-v2` is used for orders [1].',
      'Releases leave every Tuesday and Thursday, and the canary is watched by the on-call engineer with Grafana dashboards [2].',
      'Releases leave every Tuesday and Thursday after the release manager approves them [2].',
      'The consumer acknowledges a message only after its row is committed and replicated to the standby [3].',
      'A rollback takes about 4 minutes in production and deletes the sessions of all users [1].',
    ],
  },
  {
    name: 'knots',
    language: 'english',
    passages: [
      passage(
        'The bowline',
        'The bowline makes a fixed loop at the end of a rope. It does not slip or bind under load, and it can be untied when there is no load on the standing part. It should not be used where the rope is alternately loaded and slack.',
      ),
      passage(
        'Strength of ropes',
        '| Rope | Breaks at |\n|---|---|\n| manila 24 mm | 45 kN |\n| polyester 24 mm | 130 kN |\n\nA knot takes away between 20 and 50 percent of the strength of a rope; a splice only about 10 percent.',
      ),
    ],
    supported: [
      'The bowline forms a fixed loop at the end of a rope [1].',
      'Under load, it neither slips nor binds [1].',
      'A bowline can be untied once the standing part carries no load [1].',
      'Do not use it where the rope is loaded and slack in turn [1].',
      'A polyester rope of 24 mm breaks at 130 kN [2].',
      'A splice costs only about 10 % of the strength [2].',
      'Knots take away 20 to 50 percent of the strength of a rope [2].',
    ],
    unsupported: [
      'The bowline slips under load [1].',
      'A bowline cannot be untied when there is no load on the standing part [1].',
      'The sheet bend joins two ropes of different thickness [1].',
      'A polyester rope of 24 mm breaks at 145 kN [2].',
      'A splice takes away about 50 kg of the strength of a rope [2].',
      'A knot takes away more strength than a shackle of galvanised steel [2].',
      'The bowline was invented in 1627 by John Smith [1].',
      'The bowline can be untied when there is no load on it, but it weakens the rope considerably [1].',
    ],
  },
  {
    name: 'Betrieb',
    language: 'german',
    passages: [
      passage(
        'Sicherung',
        'Die Datenbank wird jede Nacht um 2 Uhr gesichert. Sicherungen werden 30 Tage lang aufbewahrt und danach gelöscht. Eine Wiederherstellung darf nicht ohne Freigabe der Bereitschaft begonnen werden.',
      ),
      passage(
        'Zugänge',
        'Neue Kolleginnen und Kollegen erhalten ihre Zugänge am ersten Arbeitstag von der IT. Passwörter werden im Tresor `keeper` abgelegt, niemals in E-Mails.',
      ),
    ],
    supported: [
      'Die Datenbank wird jede Nacht um 2 Uhr gesichert [1].',
      'Sicherungen bewahren wir 30 Tage auf, danach werden sie gelöscht [1].',
      'Ohne Freigabe der Bereitschaft darf keine Wiederherstellung begonnen werden [1].',
      'Passwörter gehören in den Tresor `keeper` und niemals in E-Mails [2].',
      'Die Zugänge kommen am ersten Arbeitstag von der IT [2].',
    ],
    unsupported: [
      'Die Datenbank wird jede Nacht um 4 Uhr gesichert [1].',
      'Sicherungen werden 30 Jahre lang aufbewahrt [1].',
      'Eine Wiederherstellung darf ohne Freigabe der Bereitschaft begonnen werden [1].',
      'Passwörter werden in E-Mails abgelegt [2].',
      'Die Zugänge werden nach der Probezeit vom Vorgesetzten beantragt [2].',
      'Sicherungen werden jede Woche nach Frankfurt übertragen und dort verschlüsselt [1].',
      'Sicherungen werden 30 Tage lang aufbewahrt und danach verschlüsselt archiviert [1].',
    ],
  },
  {
    name: 'jardin',
    language: 'french',
    passages: [
      passage(
        'Le potager',
        "On sème les carottes en mars, en lignes espacées de 25 centimètres. La terre ne doit pas être fumée avant le semis, car le fumier frais fait fourcher les racines. L'arrosage se fait le matin.",
      ),
    ],
    supported: [
      'Les carottes se sèment en mars, en lignes espacées de 25 centimètres [1].',
      'Il ne faut pas fumer la terre avant le semis [1].',
      'Le fumier frais fait fourcher les racines [1].',
      "L'arrosage se fait le matin [1].",
    ],
    unsupported: [
      'Les carottes se sèment en mai, en lignes espacées de 25 centimètres [1].',
      'Les lignes sont espacées de 45 centimètres [1].',
      'La terre doit être fumée avant le semis [1].',
      "L'arrosage se fait le soir, après le coucher du soleil [1].",
      'Les tomates se plantent après les gelées [1].',
    ],
  },
  {
    name: 'almacén',
    language: 'spanish',
    passages: [
      passage(
        'Pedidos',
        'Los pedidos recibidos antes de las 14:00 se envían el mismo día. Las devoluciones se aceptan durante 60 días y el cliente no paga el transporte. El almacén cierra los domingos.',
      ),
    ],
    supported: [
      'Se envían el mismo día los pedidos que se reciben antes de las 14:00 [1].',
      'Las devoluciones se aceptan durante 60 días [1].',
      'El cliente no paga el transporte de las devoluciones [1].',
    ],
    unsupported: [
      'Los pedidos recibidos después de las 14:00 se envían el mismo día [1].',
      'Las devoluciones se aceptan durante 90 días [1].',
      'El cliente paga el transporte de las devoluciones [1].',
      'El almacén cierra los sábados [1].',
      'Las devoluciones se aceptan durante 60 días con la factura original [1].',
    ],
  },
  {
    name: 'gateway',
    language: 'english',
    passages: [
      passage(
        'Time-outs',
        'Every upstream has a time-out of 30 seconds by default; set `timeoutMs` to change it. A call that times out is not tried again unless its tool is marked as read-only. After five failures in a row the breaker opens for 60 seconds.',
        ['Upstreams', 'Resilience'],
      ),
      passage(
        'Keys',
        'An API key is shown once, when it is made. We keep only a keyed hash of it, so a lost key cannot be recovered: make a new one with `keys create` and revoke the old one. Revoked keys stop working within one second.',
      ),
      passage(
        'Logs',
        'Set `FAIRLEAD_LOG_LEVEL` to `debug` to see each request. Logs never contain arguments. On SIGTERM the server drains for 10 s and then exits.',
      ),
      passage(
        'Storage',
        'Sessions are kept in Redis, and audit records in Postgres. Version 2.3.1 or newer is needed for replicas.',
      ),
    ],
    supported: [
      'Upstreams time out after 30 seconds by default, which `timeoutMs` changes [1].',
      'The breaker opens for 60 seconds after five failures in a row [1].',
      'A call that times out is only tried again if its tool is marked read-only [1].',
      'An API key is shown only once, when it is made [2].',
      'Because only a keyed hash is kept, a lost key cannot be recovered [2].',
      'Make a new key with `keys create` and revoke the old one [2].',
      'A revoked key stops working within 1 second [2].',
      'To see each request, set `FAIRLEAD_LOG_LEVEL` to `debug` [3].',
      'Arguments are never contained in logs [3].',
      'The server drains for 10 seconds on SIGTERM before it exits [3].',
      'Audit records are kept in Postgres and sessions in Redis [4].',
      'Replicas need version 2.3.1 or newer [4].',
    ],
    unsupported: [
      'Upstreams time out after 60 seconds by default [1].',
      'Upstreams time out after 30 ms by default [1].',
      'A call that times out is always tried again, even if its tool is not marked as read-only [1].',
      'After five failures in a row the breaker closes and an alert is sent to the team [1].',
      'A lost key can be recovered from the keyed hash [2].',
      'Make a new key with `keys rotate` and revoke the old one [2].',
      'Revoked keys keep working for one hour [2].',
      'Set `FAIRLEAD_LOG` to `debug` to see each request [3].',
      'Logs contain arguments [3].',
      'On SIGKILL the server drains for 10 s and then exits [3].',
      'Sessions are kept in Postgres, and audit records in Redis [4].',
      'Sessions are kept in Memcached [4].',
      'Version 2.4.1 or newer is needed for replicas [4].',
      'Revoked keys stop working within one second [3].',
      'An API key is shown once, when it is made, and is then sent to the owner by mail [2].',
      'The server drains for 10 s on SIGTERM, closes the database and writes a report before it exits [3].',
      'Every upstream has a time-out of 30 seconds by default, which administrators can lower in the console [1].',
    ],
  },
  {
    name: 'lighthouse',
    language: 'english',
    passages: [
      passage(
        'The keeper',
        'The lamp is lit at sunset and put out at sunrise. The keeper winds the clockwork every four hours, for the weight falls no longer. In fog the horn sounds twice each minute; it must never be left unattended.',
      ),
      passage(
        'Stores',
        'The tender brings oil and provisions on the first of each month, weather permitting. The tower holds 1,200 litres of oil, enough for forty nights in winter.',
      ),
    ],
    supported: [
      'The lamp is lit at sunset and is put out at sunrise [1].',
      'The clockwork has to be wound every 4 hours by the keeper [1].',
      'In fog, the horn sounds twice a minute and must not be left unattended [1].',
      'Oil and provisions come with the tender on the first of each month if the weather permits [2].',
      'The tower holds 1200 litres of oil [2].',
      'The oil is enough for forty nights in winter [2].',
    ],
    unsupported: [
      'The lamp is lit at sunrise and put out at sunset [1].',
      'The keeper winds the clockwork every six hours [1].',
      'The horn may be left unattended in fog [1].',
      'The tender brings coal and passengers on the first of each month [2].',
      'The tower holds 12,000 litres of oil [2].',
      'The oil is enough for forty nights in summer, and the keeper may sell what is left [2].',
      'The lens was made by Fresnel in Paris [1].',
      'The lamp is lit at sunset by the assistant and cleaned with spirits every morning [1].',
    ],
  },
  {
    name: 'Werkstatt',
    language: 'german',
    passages: [
      passage(
        'Schmierung',
        'Die Spindel ist alle 200 Betriebsstunden mit Fett vom Typ `NLGI-2` zu schmieren. Vor dem Schmieren muss die Maschine ausgeschaltet werden. Öl darf nicht verwendet werden, da es die Dichtungen angreift.',
      ),
      passage(
        'Prüfung',
        'Die jährliche Prüfung findet im März statt und dauert drei Tage. Während dieser Zeit stehen alle Maschinen still.',
      ),
    ],
    supported: [
      'Die Spindel muss alle 200 Betriebsstunden mit `NLGI-2` geschmiert werden [1].',
      'Die Maschine muss vor dem Schmieren ausgeschaltet werden [1].',
      'Öl darf man nicht verwenden, weil es die Dichtungen angreift [1].',
      'Die jährliche Prüfung im März dauert 3 Tage [2].',
      'Während der Prüfung stehen alle Maschinen still [2].',
    ],
    unsupported: [
      'Die Spindel ist alle 500 Betriebsstunden zu schmieren [1].',
      'Nach dem Schmieren muss die Maschine ausgeschaltet werden [1].',
      'Öl darf verwendet werden, da es die Dichtungen nicht angreift [1].',
      'Die jährliche Prüfung findet im Oktober statt [2].',
      'Die Prüfung dauert drei Wochen [2].',
      'Die Prüfung wird vom Hersteller kostenlos angeboten [2].',
      'Die jährliche Prüfung dauert drei Tage und wird im Wartungsbuch vom Meister unterschrieben [2].',
    ],
  },
  {
    name: 'boulangerie',
    language: 'french',
    passages: [
      passage(
        'Le levain',
        'Le levain se rafraîchit deux fois par jour, avec autant de farine que d’eau. Il ne se conserve jamais au-dessus de 28 degrés. La pâte repose 12 heures au frais avant la cuisson.',
      ),
    ],
    supported: [
      'Le levain doit être rafraîchi deux fois par jour [1].',
      'On ne conserve jamais le levain au-dessus de 28 degrés [1].',
      'Avant la cuisson, la pâte repose 12 heures au frais [1].',
    ],
    unsupported: [
      'Le levain se rafraîchit trois fois par jour [1].',
      'Le levain se conserve au-dessus de 28 degrés [1].',
      'La pâte repose 12 minutes au frais avant la cuisson [1].',
      'La pâte repose 12 heures au frais après la cuisson [1].',
      'Le sel est ajouté à la fin du pétrissage [1].',
    ],
  },
  {
    name: 'servidores',
    language: 'spanish',
    passages: [
      passage(
        'Mantenimiento',
        'El servidor se reinicia los martes a las 03:00. Durante el reinicio no se pierden mensajes, porque la cola los guarda en disco. Solo el equipo de guardia puede cancelar un reinicio.',
      ),
    ],
    supported: [
      'El reinicio del servidor es los martes a las 03:00 [1].',
      'No se pierden mensajes durante el reinicio, ya que la cola los guarda en disco [1].',
      'Un reinicio lo puede cancelar solo el equipo de guardia [1].',
    ],
    unsupported: [
      'El servidor se reinicia los martes a las 05:00 [1].',
      'Durante el reinicio se pierden mensajes [1].',
      'El servidor se reinicia los jueves a las 03:00 [1].',
      'Los mensajes se guardan cifrados en otra región [1].',
      'Solo el equipo de guardia puede cancelar un reinicio, con permiso del director [1].',
    ],
  },
];
