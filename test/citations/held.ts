import { type CitationWorld, passage } from './world.ts';

/** Written and set aside until the rules and thresholds were chosen. */
export const heldWorlds: CitationWorld[] = [
  {
    name: 'cluster',
    language: 'english',
    passages: [
      passage(
        'Scaling',
        'The worker pool grows to at most 12 pods and never shrinks below three. It scales on the length of the queue, not on CPU. Scaling down waits five minutes after the last job.',
        ['Operations', 'Workers'],
      ),
      passage(
        'Secrets',
        'Secrets live in Vault under `kv/team/shop`. They are rotated every 90 days by a job in CI; a developer cannot read the secrets of production. Use `vault-env` to start a process with them.',
      ),
      passage(
        'Ports',
        '| Service | Port | Protocol |\n|---|---|---|\n| api | 8080 | HTTP |\n| metrics | 9090 | HTTP |\n| broker | 5672 | AMQP |',
      ),
      passage(
        'Backups',
        "The nightly backup starts at 01:30 and copies everything except the cache. It is encrypted with the team's key before it is uploaded to S3.\n\n```sh\nbackup restore --from latest --dry-run\n```\n\nAlways begin a restore with a dry run.",
      ),
    ],
    supported: [
      'The worker pool has at most 12 pods and never fewer than 3 [1].',
      'It scales on the length of the queue instead of on CPU [1].',
      'Scaling down happens five minutes after the last job at the earliest [1].',
      'Secrets are rotated every 90 days by a job in CI [2].',
      'Developers cannot read the secrets of production [2].',
      'A process is started with the secrets by `vault-env` [2].',
      'The broker listens on port 5672 and speaks AMQP [3].',
      'The metrics service uses port 9090 [3].',
      'Everything but the cache is copied by the nightly backup, which starts at 01:30 [4].',
      'The backup is encrypted before it is uploaded to S3 [4].',
      'A restore should always begin with a dry run [4].',
      'Run `backup restore --from latest --dry-run` [4].',
    ],
    unsupported: [
      'The worker pool shrinks below three pods at night [1].',
      'The worker pool grows to at most 20 pods [1].',
      'It scales on CPU [1].',
      'Scaling down waits 12 minutes after the last job [1].',
      'Secrets live in Vault under `kv/team/billing` [2].',
      'A developer can read the secrets of production [2].',
      'Secrets are rotated every 90 hours [2].',
      'Secrets are rotated every 90 days by the security officer [2].',
      'The broker listens on port 8080 [3].',
      'The api speaks gRPC on port 8080 [3].',
      'The nightly backup copies the cache as well [4].',
      'The backup is encrypted after it is uploaded to S3 [4].',
      'Run `backup restore --from latest --force` [4].',
      'The backup is kept for a year in two regions [4].',
      'The nightly backup starts at 03:10 [4].',
    ],
  },
  {
    name: 'voyage',
    language: 'english',
    passages: [
      passage(
        'Watches',
        'The crew stands two watches, larboard and starboard, each of four hours. The mate commands the larboard watch and the captain commands the starboard watch. At eight bells the watch below is called, and no man leaves the deck before he is relieved.',
      ),
      passage(
        'Provisions',
        'Salt beef was served on Monday, Wednesday and Saturday; on other days there was pork with peas. Each man had three quarts of water a day, which the master might reduce in a long calm but never below one quart. Lime juice was given out after the second week at sea.',
      ),
    ],
    supported: [
      'There are two watches, larboard and starboard, of four hours each [1].',
      'The larboard watch is commanded by the mate [1].',
      'Nobody leaves the deck before he is relieved [1].',
      'Salt beef was served on Mondays, Wednesdays and Saturdays [2].',
      'Each man had 3 quarts of water a day [2].',
      'In a long calm the master might reduce the water, but never below one quart [2].',
      'Lime juice was given out only after the second week at sea [2].',
    ],
    unsupported: [
      'Each watch lasts six hours [1].',
      'The captain commands the larboard watch and the mate commands the starboard watch [1].',
      'A man may leave the deck before he is relieved [1].',
      'Salt beef was served on Sunday [2].',
      'Each man had three pints of rum a day [2].',
      'The master might reduce the water below one quart [2].',
      'Lime juice was given out before the second week at sea [2].',
      'The cook baked fresh bread every morning for the officers [2].',
      'Salt beef was served in the cabin by the steward [1].',
    ],
  },
  {
    name: 'Urlaub',
    language: 'german',
    passages: [
      passage(
        'Urlaub und Abwesenheit',
        'Urlaub wird im Portal beantragt, spätestens zwei Wochen vor dem ersten Tag. Die Teamleitung entscheidet innerhalb von fünf Arbeitstagen. Resturlaub verfällt nicht am Jahresende, sondern erst am 31. März des Folgejahres.',
      ),
      passage(
        'Rufbereitschaft',
        'Die Rufbereitschaft wechselt jeden Montag um 9 Uhr. Wer Rufbereitschaft hat, darf kein Flugzeug besteigen. Jeder Einsatz nach 22 Uhr wird mit 80 Euro vergütet.',
      ),
    ],
    supported: [
      'Urlaub beantragt man im Portal, spätestens zwei Wochen vor dem ersten Tag [1].',
      'Die Teamleitung entscheidet innerhalb von 5 Arbeitstagen [1].',
      'Der Resturlaub verfällt erst am 31. März des Folgejahres [1].',
      'Jeden Montag um 9 Uhr wechselt die Rufbereitschaft [2].',
      'Mit Rufbereitschaft darf man kein Flugzeug besteigen [2].',
      'Einsätze nach 22 Uhr werden mit 80 € vergütet [2].',
    ],
    unsupported: [
      'Urlaub wird spätestens zwei Monate vor dem ersten Tag beantragt [1].',
      'Resturlaub verfällt am Jahresende [1].',
      'Die Personalabteilung entscheidet innerhalb von fünf Arbeitstagen über den Antrag [1].',
      'Wer Rufbereitschaft hat, darf ein Flugzeug besteigen [2].',
      'Einsätze vor 22 Uhr werden mit 80 Euro vergütet [2].',
      'Jeder Einsatz nach 22 Uhr wird mit 120 Euro vergütet [2].',
      'Die Rufbereitschaft wechselt jeden Freitag um 9 Uhr [2].',
    ],
  },
  {
    name: 'atelier',
    language: 'french',
    passages: [
      passage(
        'Commandes',
        "Une commande est annulée gratuitement jusqu'à 24 heures avant la livraison. Les frais de port sont offerts à partir de 60 euros. Le service client ne répond pas le dimanche.",
      ),
      passage(
        'Machines',
        'La scie est vérifiée chaque mois par le chef d’atelier. Personne ne l’utilise sans lunettes de protection.',
      ),
    ],
    supported: [
      "On peut annuler gratuitement une commande jusqu'à 24 heures avant la livraison [1].",
      'À partir de 60 €, les frais de port sont offerts [1].',
      'Le dimanche, le service client ne répond pas [1].',
      'Le chef d’atelier vérifie la scie chaque mois [2].',
    ],
    unsupported: [
      "Une commande est annulée gratuitement jusqu'à 48 heures avant la livraison [1].",
      'Les frais de port sont offerts à partir de 60 kilogrammes [1].',
      'Le service client répond le dimanche [1].',
      'Le service client ne répond pas le lundi [1].',
      'On utilise la scie sans lunettes de protection [2].',
      'La scie est vérifiée chaque mois par un laboratoire indépendant [2].',
    ],
  },
  {
    name: 'biblioteca',
    language: 'spanish',
    passages: [
      passage(
        'Préstamos',
        'Cada socio puede llevarse cinco libros durante tres semanas. Los diccionarios no se prestan. Quien devuelve tarde un libro paga 20 céntimos por día.',
      ),
    ],
    supported: [
      'Un socio puede llevarse 5 libros durante tres semanas [1].',
      'No se prestan los diccionarios [1].',
      'Se pagan 20 céntimos por día si un libro se devuelve tarde [1].',
    ],
    unsupported: [
      'Cada socio puede llevarse cinco libros durante tres meses [1].',
      'Los diccionarios se prestan [1].',
      'Quien devuelve tarde un libro paga 50 céntimos por día [1].',
      'Los socios jóvenes reciben un carné gratuito en la entrada [1].',
    ],
  },
];
