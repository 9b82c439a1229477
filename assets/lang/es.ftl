# Todos los textos de la página en español (docs/PAGE.md). Sintaxis: https://projectfluent.org/fluent/guide/
# Lo que va entre acentos graves se muestra como código, donde una plantilla lo pide. Entre un número y su unidad va un
# espacio duro.

language-name = Español
# Cómo se escriben los números: point (12,345.6) o comma (12.345,6).
number-style = comma

## Días y horas

date-day = { $weekday } { $day } { $month }
date-full = { $day } { $month } { $year }
date-month = { $month } { $year }
date-hour = { $weekday } { $day } { $month } { $time }
date-moment = { $day } { $month } { $year }, { $time } { $zone }
weekday-1 = lun
weekday-2 = mar
weekday-3 = mié
weekday-4 = jue
weekday-5 = vie
weekday-6 = sáb
weekday-7 = dom
month-1 = ene
month-2 = feb
month-3 = mar
month-4 = abr
month-5 = may
month-6 = jun
month-7 = jul
month-8 = ago
month-9 = sept
month-10 = oct
month-11 = nov
month-12 = dic

span-seconds = { $seconds } s
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days ->
    [one] { $days } día
   *[other] { $days } días
}
span-days-hours = { $days } d { $hours } h
age-now = ahora mismo
age-ago = hace { $age }

## Alrededor de cada página

brand = weather
skip = Ir al contenido
menu = Páginas
menu-overview = Resumen
menu-runs = Ejecuciones
menu-api = API
menu-settings = Ajustes
live-not = Esta página es del momento en que se pidió.
live-plain = No se pudo cargar lo que renueva esta página: es del momento en que se pidió.
live-on = En directo: esta página cambia cuando termina una ejecución.
live-updated = Actualizada a las TIME.
live-waits = Hay novedades; se muestran en cuanto termine.
live-off = Sin directo desde las TIME; se vuelve a intentar.
live-away = No se llega al servidor desde las TIME; se vuelve a intentar.
live-busy = El servidor no puede mostrar la página desde las TIME; se vuelve a intentar.
live-unreadable = La respuesta del servidor, a las TIME, no se pudo leer; se vuelve a intentar.

## Problemas

problem-heading-400 = Esta dirección no se puede usar
problem-heading-401 = Hace falta un token
problem-heading-404 = Aquí no hay nada
problem-heading-503 = La página no se puede mostrar ahora
problem-heading-other = Algo va mal
problem-parameter-unfit = El parámetro { $name } no puede tener ese valor.
problem-parameter-unknown = Esta página no tiene ningún parámetro { $name }.
problem-parameter-twice = El parámetro { $name } está más de una vez.
problem-parameter-missing = Falta el parámetro { $name }.
problem-no-such-site = Ningún sitio tiene el nombre de esta dirección.
problem-no-such-thing = Nada tiene este nombre.
problem-no-such-path = Ninguna página tiene esta dirección.
problem-unauthorized = El servidor tiene que saber quién mira.
problem-busy = El servidor tiene ahora demasiado que hacer.
problem-store-away = Ahora no se puede consultar el almacén.
problem-archived = Estos días están archivados: sus filas han salido del almacén.
problem-other = El servidor no pudo responder; lo que pasó está en su registro.
problem-allowed = Puede ser: { $allowed }.
problem-known = Tiene: { $allowed }.
problem-token = Dé un token como contraseña; el nombre no importa. `weather token new NAME` crea uno.
problem-retry = { $seconds ->
    [one] Se vuelve a pedir sola cada segundo.
   *[other] Se vuelve a pedir sola cada { $seconds } segundos.
}
problem-back = Volver al resumen
allowed-units = `metric` o `imperial`, y después, entre comas, lo que sea distinto, como en `imperial,wind:kn`: `{ $allowed }`
allowed-times = `site`, `utc` o una zona horaria de la IANA, como `Europe/Madrid`
allowed-bbox = oeste,sur,este,norte en grados, el sur no más arriba que el norte, como `-10,35,5,45`
allowed-q = un texto de hasta 100 letras
allowed-tag = hasta 50 etiquetas de 1 a 64 caracteres, entre comas
allowed-country = hasta 50 países de dos letras (ISO 3166-1), entre comas, como `ES,PT`

## Ajustes

settings-title = Ajustes
settings-what = Cómo se escribe esta página para usted. La elección se guarda un año en una cookie de este navegador, que no dice nada más de usted.
settings-language = Idioma
settings-units = Unidades
settings-units-metric = métricas: °C, km/h, mm, hPa, km
settings-units-imperial = imperiales: °F, mph, in, inHg, mi
settings-times = Horas
settings-times-site = las del propio sitio
settings-times-utc = UTC
settings-times-mine = las mías
settings-times-zones = Todas las zonas horarias
settings-apart = Unidades sueltas
settings-apart-what = Lo que deba ser distinto de las unidades de arriba.
settings-as-above = como arriba
settings-temperature = Temperatura
settings-wind = Viento
settings-rain = Lluvia y nieve
settings-pressure = Presión
settings-visibility = Visibilidad
settings-days = Los días y sus sumas siguen siendo los del reloj de cada sitio.
settings-keep = Guardar

## El resumen

overview-title = Resumen
overview-new = Todavía no se ha recogido ningún sitio.
overview-next = Qué hacer ahora
overview-nothing-yet = Todavía no hay nada que mostrar. En cuanto termine una ejecución, sus sitios están aquí.
overview-next-sites = Escriba sus sitios en un archivo: `weather sites check sites.json` dice si está bien.
overview-next-collect = Recoja: `weather etl`, con la clave de una fuente.
overview-next-demo = O pruebe con un tiempo simulado, sin clave: `weather demo --serve`.
overview-fresh = { $fresh ->
    [one] { $fresh } de { $sites } sitios está al día.
   *[other] { $fresh } de { $sites } sitios están al día.
}
overview-more = { $count ->
    [one] { $count } más no lo está.
   *[other] { $count } más no lo están.
}
overview-risk = Los datos están en peligro: { $why }.
risk-no-run-ever = todavía no ha terminado ninguna ejecución
risk-no-run = ninguna ejecución ha terminado desde hace { $age }
risk-stale = más de un décimo de los sitios no está al día
risk-key = la fuente rechaza la clave
overview-blocked = La cuenta está bloqueada hasta las { $until }.
overview-last = Última ejecución { $age }.
overview-last-and-next = Última ejecución { $age }; la próxima se espera a las { $next }.
overview-fresh-rule = Un sitio está al día si la última observación de cada una de sus fuentes tiene como mucho dos horas, o dos de sus intervalos.
age-never = nunca
trouble-nothing-newer = no llegó nada más nuevo
trouble-never-collected = nunca recogido

filter-text = Nombre o id
filter-tag = Etiqueta
filter-country = País
filter-show = Mostrar
filter-all = todo
filter-trouble = lo que no está al día
filter-group = Agrupar por
filter-group-none = nada
filter-button = Filtrar
filter-reset = Mostrar todo

tile-fresh = Al día
tile-fresh-of = { $fresh } de { $sites }
tile-fresh-all = todos los sitios
tile-fresh-not = { $count ->
    [one] { $count } no lo está
   *[other] { $count } no lo están
}
tile-warmest = Más calor
tile-coldest = Más frío
tile-gust = Racha más fuerte
tile-rain = Más lluvia, última hora
tile-rain-24h = { $amount } en 24 h
tile-extreme = extremo

map-title = Los sitios en el mapa
map-temperature = Temperatura
map-wind = Viento
map-rain = Lluvia
map-humidity = Humedad
map-freshness = Actualidad
map-whole = Mapa entero
map-fresh = al día
map-stale = no está al día
map-cell = { $sites } sitios, { $mean } de media, { $stale } sin estar al día
map-cell-counts = { $sites } sitios, { $stale } sin estar al día

table-caption = { $shown ->
    [one] { $shown } sitio, a { $now }.
   *[other] { $shown } sitios, a { $now }.
}
table-strips = De las últimas 48 horas, cada celda es una hora.
table-empty = Ningún sitio es así.
column-site = Sitio
column-now = Ahora
column-sky = Cielo
column-wind = Viento
column-rain = Lluvia, 1 h
column-humidity = Humedad
column-age = Edad
column-strip = 48 horas
group-none = sin ninguna
group-count = { $count ->
    [one] { $count } sitio
   *[other] { $count } sitios
}
wind-from-0 = del norte
wind-from-1 = del nordeste
wind-from-2 = del este
wind-from-3 = del sudeste
wind-from-4 = del sur
wind-from-5 = del sudoeste
wind-from-6 = del oeste
wind-from-7 = del noroeste
strip-range = de { $low } a { $high } en 48 horas
strip-none = sin temperatura en 48 horas
strip-missing = { $hours ->
    [one] falta { $hours } hora
   *[other] faltan { $hours } horas
}
legend-strips = Colores de las 48 horas
legend-missing = falta
table-pages = Páginas de la tabla
pages-before = Anterior
pages-after = Siguiente
pages-of = Página { $page } de { $last }

## Errores de una fuente y motivos de los huecos

error-timeout = no respondió a tiempo
error-connection = no se pudo llegar a la fuente
error-server-error = la fuente tuvo un fallo propio
error-rate-limited = la fuente bloqueó la cuenta un rato
error-unauthorized = la fuente rechazó la llamada
error-bad-request = la fuente no acepta la petición
error-not-found = la fuente no conoce el lugar
error-malformed = la respuesta no se pudo leer
error-out-of-range = un valor, o la hora, estaba fuera de su rango
reason-never-tried = sin intentar: ninguna ejecución la pidió
reason-paused = en pausa: la fuente había bloqueado la cuenta o rechazado la clave, o no quedaban llamadas
reason-failed = fallida: { $error }
reason-quarantined = apartada: un valor estaba fuera de su rango físico
reason-unfillable = ninguna fuente puede rellenarla ya
reason-unfillable-why = ninguna fuente puede rellenarla ya: { $why }

## Condiciones: los códigos de OpenWeatherMap (200 a 804) y de la OMM (0 a 99)

condition-200 = tormenta con lluvia ligera
condition-201 = tormenta con lluvia
condition-202 = tormenta con lluvia fuerte
condition-210 = tormenta ligera
condition-211 = tormenta
condition-212 = tormenta fuerte
condition-221 = tormenta irregular
condition-230 = tormenta con llovizna ligera
condition-231 = tormenta con llovizna
condition-232 = tormenta con llovizna fuerte
condition-300 = llovizna ligera
condition-301 = llovizna
condition-302 = llovizna fuerte
condition-310 = llovizna y lluvia ligeras
condition-311 = llovizna y lluvia
condition-312 = llovizna y lluvia fuertes
condition-313 = chubascos y llovizna
condition-314 = chubascos fuertes y llovizna
condition-321 = chubascos de llovizna
condition-500 = lluvia ligera
condition-501 = lluvia moderada
condition-502 = lluvia fuerte
condition-503 = lluvia muy fuerte
condition-504 = lluvia extrema
condition-511 = lluvia helada
condition-520 = chubascos ligeros
condition-521 = chubascos
condition-522 = chubascos fuertes
condition-531 = chubascos irregulares
condition-600 = nieve ligera
condition-601 = nieve
condition-602 = nieve fuerte
condition-611 = aguanieve
condition-612 = chubascos ligeros de aguanieve
condition-613 = chubascos de aguanieve
condition-615 = lluvia ligera y nieve
condition-616 = lluvia y nieve
condition-620 = chubascos ligeros de nieve
condition-621 = chubascos de nieve
condition-622 = chubascos fuertes de nieve
condition-701 = neblina
condition-711 = humo
condition-721 = calima
condition-731 = remolinos de polvo
condition-741 = niebla
condition-751 = arena
condition-761 = polvo
condition-762 = ceniza volcánica
condition-771 = turbonadas
condition-781 = tornado
condition-800 = cielo despejado
condition-801 = pocas nubes
condition-802 = nubes dispersas
condition-803 = nubes rotas
condition-804 = cubierto
condition-0 = cielo despejado
condition-1 = casi despejado
condition-2 = parcialmente nublado
condition-3 = cubierto
condition-45 = niebla
condition-48 = niebla engelante
condition-51 = llovizna ligera
condition-53 = llovizna moderada
condition-55 = llovizna densa
condition-56 = llovizna helada ligera
condition-57 = llovizna helada densa
condition-61 = lluvia débil
condition-63 = lluvia moderada
condition-65 = lluvia fuerte
condition-66 = lluvia helada ligera
condition-67 = lluvia helada fuerte
condition-71 = nevada débil
condition-73 = nevada moderada
condition-75 = nevada fuerte
condition-77 = granos de nieve
condition-80 = chubascos débiles
condition-81 = chubascos moderados
condition-82 = chubascos violentos
condition-85 = chubascos débiles de nieve
condition-86 = chubascos fuertes de nieve
condition-95 = tormenta
condition-96 = tormenta con granizo débil
condition-99 = tormenta con granizo fuerte

## Páginas de un sitio, huecos, ejecuciones y llamadas

date-tick = { $day } { $month }
time-clock = { $time } { $zone }
time-from-to = de { $from } a { $to }
compass-0 = N
compass-1 = NE
compass-2 = E
compass-3 = SE
compass-4 = S
compass-5 = SO
compass-6 = O
compass-7 = NO
span-milliseconds = { $milliseconds } ms
site = Sitio
from = Desde
to = Hasta
show = Mostrar
show-all = Mostrar todo
own-words = Con las palabras de la fuente
pages = Páginas de la lista
page-of = Página { $page } de { $pages }
page-before = Página anterior
page-after = Página siguiente
menu-gaps = Huecos
menu-calls = Llamadas
reason-short-never-tried = sin intentar
reason-short-paused = en pausa
reason-short-failed = fallida
reason-short-quarantined = apartada
reason-short-unfillable = no se puede rellenar

### Un sitio

site-height = { $height } m sobre el mar
site-every = { $minutes ->
    [60] cada hora
    [1440] cada día
   *[other] cada { $minutes } min
}
site-left = ya no está en el archivo de sitios
site-times = Relojes de { $zone }; las horas son { $now }
site-gaps = lo que falta
site-new = Aún no se ha preguntado a ninguna fuente por este sitio. `weather etl` recoge los datos.
site-nothing-now = No hay ningún valor del último día.
site-no-values = No hay ningún valor en este tiempo.
site-now-feels = sensación de { $value }
site-now-dew = punto de rocío { $value }
site-now-wind = viento { $value }
site-now-wind-from = viento { $value } del { $from }
site-now-gust = rachas { $value }
site-now-rain = lluvia { $hour } en la última hora, { $day } en 24 h
site-now-humidity = humedad { $value }
site-now-pressure = presión { $value }
site-now-pressure-change = presión { $value }, { $change } en 3 h
site-range = Tiempo que se muestra
site-range-24h = 24 horas
site-range-7d = 7 días
site-range-30d = 30 días
site-range-1y = 1 año
site-source = Fuente
site-with-source = con { $source }
site-alone = sin comparación
site-with-hours = { $difference } de media frente a { $name }, en { $count } horas comunes
site-with-days = { $difference } de media frente a { $name }, en { $count } días comunes
site-with-nothing = no tienen ningún tiempo en común
site-chart-temperature = Temperatura
site-chart-rain = Lluvia
site-chart-wind = Viento
site-chart-humidity = Humedad y nubes
site-chart-pressure = Presión al nivel del mar
site-chart-coverage = Recogido
site-of-temperature = temperatura
site-of-feels = sensación
site-of-dew = punto de rocío
site-of-rain = lluvia
site-of-wind = viento
site-of-gust = rachas
site-of-humidity = humedad
site-of-cloud = nubes
site-of-pressure = presión
site-of-coverage = recogido
site-of-band = de la mínima a la máxima
site-of-sum = suma acumulada
site-in-all = { $value } en total
site-low-high = de { $low } a { $high }
site-see-table = Los valores están en la tabla de abajo.
site-slider = Hora de los gráficos
site-read = Señale un gráfico, o use las flechas del teclado, para leer sus valores; arrastre sobre él para ver menos tiempo.
site-script-failed = Los gráficos que responden al puntero no se pudieron cargar; quedan estos.
site-none = sin valor
site-night = noche
site-missing = falta
site-hole = falta
site-frozen = la fuente se quedó parada
site-healed = rellenada después
site-own-days = Los días son los del reloj del sitio.
site-csv = Valores en CSV
site-png = Gráficos en PNG
site-why = Lo que falta, se rellenó o se quedó parado
site-whole = Nada: cada hora se recogió a su tiempo.
site-newest-first = Lo más reciente primero; las horas son { $zone }
site-head-hours = Horas
site-head-what = Qué
site-head-count = Cuántas
site-head-why = Por qué
site-head-time = Hora
site-head-day = Día
site-head-sky = cielo
site-head-wind = viento (rachas)
site-head-note = Nota
site-head-temperatures = temperatura: mínima / media / máxima
site-head-winds = viento: media / racha más fuerte
site-head-degree-days = grados día: calefacción / refrigeración
site-head-collected = recogido
site-healed-why = rellenada después con el histórico de { $source }, no recogida a su tiempo
site-healed-from = rellenada con { $source }
site-frozen-why = la fuente se quedó parada: repitió su observación de { $time } durante { $hours } horas
site-values = Valores
site-hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
site-days = Cada día del reloj del sitio, el más reciente primero
site-of = { $present } de { $expected }

### Huecos

gaps-title = Huecos
gaps-new = Todavía no hay nada que mostrar. `weather etl` recoge los datos; `weather demo --serve` enseña cómo queda.
gaps-none = No falta nada: se recogieron los { $expected } intervalos de estos sitios y días.
gaps-some = { $missing ->
    [one] Falta { $missing } de { $expected } intervalos.
   *[other] Faltan { $missing } de { $expected } intervalos.
}
gaps-of-page = (Página { $page } de { $pages }.)
gaps-name = Nombre o id
gaps-reason = Motivo
gaps-all = cualquiera
gaps-no-site = Ningún sitio es así.
gaps-caption = { $sites ->
    [one] { $sites } sitio; los días son los suyos. Un día al que le falta algo lleva a los motivos.
   *[other] { $sites } sitios; los días son los de cada sitio. Un día al que le falta algo lleva a los motivos.
}
gaps-days = Días
gaps-missing = Faltan
gaps-coverage = Recogido
gaps-cell = { $site }, { $day }: faltan { $missing } de { $expected }: { $reasons }
gaps-key-0 = completo
gaps-key-1 = falta hasta un cuarto
gaps-key-2 = hasta la mitad
gaps-key-3 = hasta tres cuartos
gaps-key-4 = más
gaps-key-5 = falta todo
gaps-key-blank = en blanco: no se esperaba nada

### Un día de un sitio

cell-day = El día es el del reloj del sitio ({ $zone }).
cell-times = Las horas son de { $zone }.
cell-before = Día anterior
cell-after = Día siguiente
cell-weather = El tiempo de ese día
cell-calendar = Calendario del sitio
cell-no-source = ninguna fuente
cell-nothing-expected = Ese día no se esperaba nada.
cell-whole = No falta nada: se recogieron los { $expected } intervalos.
cell-missing = Faltan { $missing } de { $expected } intervalos
cell-slots = { $slots ->
    [one] { $slots } intervalo
   *[other] { $slots } intervalos
}
cell-runs = Ejecuciones que hay detrás:
cell-heal = Esta orden lo rellena con el histórico de la fuente:
cell-correct = Corrija primero el sitio en el archivo de sitios; después, esta orden lo rellena:
cell-key = Corrija primero la clave de la fuente; después, esta orden lo rellena:
cell-nothing = No se puede hacer nada: la fuente no tiene nada de ese tiempo.

### Ejecuciones

runs-title = Ejecuciones
runs-none = Aún no hay ninguna: `weather etl` hace una, `weather demo --serve` hace muchas.
runs-no-earlier = No hay ninguna ejecución anterior.
runs-latest = Las últimas ejecuciones
runs-earlier = Ejecuciones anteriores
runs-caption = { $count ->
    [one] La última ejecución
   *[other] Las últimas { $count } ejecuciones, la más reciente primero
}
runs-caption-earlier = { $count ->
    [one] { $count } ejecución anterior
   *[other] { $count } ejecuciones anteriores, la más reciente primero
}
runs-run = Ejecución
runs-took = Tardó
runs-slots = Intervalos
runs-errors = Errores
runs-bar = { $collected } recogidos, { $failed } fallidos, { $skipped } omitidos
runs-idle = { $count ->
    [one] un arranque sin nada pendiente, { $time }
   *[other] { $count } arranques sin nada pendiente, { $time }
}
runs-again = { $count } repetidas
runs-message = Qué la detuvo
outcome-succeeded = bien
outcome-partial = en parte
outcome-failed = fallida
outcome-interrupted = interrumpida
outcome-abandoned = abandonada
outcome-at-work = en marcha
outcome-closed = terminada
run-title = Ejecución { $number }
run-kind = Tarea
run-outcome = Acabó
run-source = Fuente
run-shard = Parte de los sitios
run-started = Empezó
run-finished = Terminó
run-heartbeat = Última señal de vida
run-sites = Sitios
run-collected = Recogidos
run-failed = Fallidos
run-skipped = Omitidos
run-rows = Filas cargadas
run-calls = Llamadas
run-retries = Llamadas repetidas
run-latency = Latencia, ms: media / 95 % / máxima
run-stop = La detuvo
run-host = Dónde
run-version = Versión
run-id = Id
run-slots = Intervalos que fallaron
run-no-slots = Ninguno: todo lo que pidió la ejecución tiene su observación.
run-slots-all = { $count ->
    [one] { $count } intervalo, como lo dejó la ejecución
   *[other] { $count } intervalos, como los dejó la ejecución, el más reciente primero
}
run-slots-more = Los { $count } intervalos más recientes; hay más
run-slot = Intervalo
run-attempts = Llamadas
run-all = Todas las ejecuciones

### Llamadas

calls-title = Llamadas
calls-what = Lo que cada cuenta puede llamar, como lo cuenta `weather quota`. Los sitios necesitan una llamada por cada intervalo que queda.
calls-minute = este minuto
calls-day = este día (UTC)
calls-month = este mes (UTC)
calls-words = { $used } usadas, { $reserved } reservadas, quedan { $left } de { $cap }; se renuevan: { $end }
calls-words-needed = { $used } usadas, { $reserved } reservadas, quedan { $left } de { $cap }; hacen falta { $needed } hasta { $end }
calls-no-limit = No hay ningún límite.
calls-not-enough = no bastan
calls-used = usadas
calls-reserved = reservadas y sin usar
calls-left = quedan
calls-needed = hasta aquí llega lo necesario

### Lo que se puede dar

allowed-range = `24h`, `7d`, `30d` o `1y`, sin `from` ni `to` al lado
allowed-from = un día, como `2026-11-25`, o una hora, como `2026-11-25T08:00Z`; junto a `range` no hay ninguno
allowed-source = una fuente del sitio
allowed-with = `source:NOMBRE` o `site:ID`, como `site:mad-retiro`
allowed-before = el número de una ejecución

## Países según ISO 3166-1, con los nombres de Unicode CLDR 48

country-AD = Andorra
country-AE = Emiratos Árabes Unidos
country-AF = Afganistán
country-AG = Antigua y Barbuda
country-AI = Anguila
country-AL = Albania
country-AM = Armenia
country-AO = Angola
country-AQ = Antártida
country-AR = Argentina
country-AS = Samoa Americana
country-AT = Austria
country-AU = Australia
country-AW = Aruba
country-AX = Islas Aland
country-AZ = Azerbaiyán
country-BA = Bosnia y Herzegovina
country-BB = Barbados
country-BD = Bangladés
country-BE = Bélgica
country-BF = Burkina Faso
country-BG = Bulgaria
country-BH = Baréin
country-BI = Burundi
country-BJ = Benín
country-BL = San Bartolomé
country-BM = Bermudas
country-BN = Brunéi
country-BO = Bolivia
country-BQ = Caribe neerlandés
country-BR = Brasil
country-BS = Bahamas
country-BT = Bután
country-BV = Isla Bouvet
country-BW = Botsuana
country-BY = Bielorrusia
country-BZ = Belice
country-CA = Canadá
country-CC = Islas Cocos
country-CD = República Democrática del Congo
country-CF = República Centroafricana
country-CG = Congo
country-CH = Suiza
country-CI = Côte d’Ivoire
country-CK = Islas Cook
country-CL = Chile
country-CM = Camerún
country-CN = China
country-CO = Colombia
country-CR = Costa Rica
country-CU = Cuba
country-CV = Cabo Verde
country-CW = Curazao
country-CX = Isla de Navidad
country-CY = Chipre
country-CZ = Chequia
country-DE = Alemania
country-DJ = Yibuti
country-DK = Dinamarca
country-DM = Dominica
country-DO = República Dominicana
country-DZ = Argelia
country-EC = Ecuador
country-EE = Estonia
country-EG = Egipto
country-EH = Sáhara Occidental
country-ER = Eritrea
country-ES = España
country-ET = Etiopía
country-FI = Finlandia
country-FJ = Fiyi
country-FK = Islas Malvinas
country-FM = Micronesia
country-FO = Islas Feroe
country-FR = Francia
country-GA = Gabón
country-GB = Reino Unido
country-GD = Granada
country-GE = Georgia
country-GF = Guayana Francesa
country-GG = Guernesey
country-GH = Ghana
country-GI = Gibraltar
country-GL = Groenlandia
country-GM = Gambia
country-GN = Guinea
country-GP = Guadalupe
country-GQ = Guinea Ecuatorial
country-GR = Grecia
country-GS = Islas Georgia del Sur y Sandwich del Sur
country-GT = Guatemala
country-GU = Guam
country-GW = Guinea-Bisáu
country-GY = Guyana
country-HK = RAE de Hong Kong (China)
country-HM = Islas Heard y McDonald
country-HN = Honduras
country-HR = Croacia
country-HT = Haití
country-HU = Hungría
country-ID = Indonesia
country-IE = Irlanda
country-IL = Israel
country-IM = Isla de Man
country-IN = India
country-IO = Territorio Británico del Océano Índico
country-IQ = Irak
country-IR = Irán
country-IS = Islandia
country-IT = Italia
country-JE = Jersey
country-JM = Jamaica
country-JO = Jordania
country-JP = Japón
country-KE = Kenia
country-KG = Kirguistán
country-KH = Camboya
country-KI = Kiribati
country-KM = Comoras
country-KN = San Cristóbal y Nieves
country-KP = Corea del Norte
country-KR = Corea del Sur
country-KW = Kuwait
country-KY = Islas Caimán
country-KZ = Kazajistán
country-LA = Laos
country-LB = Líbano
country-LC = Santa Lucía
country-LI = Liechtenstein
country-LK = Sri Lanka
country-LR = Liberia
country-LS = Lesoto
country-LT = Lituania
country-LU = Luxemburgo
country-LV = Letonia
country-LY = Libia
country-MA = Marruecos
country-MC = Mónaco
country-MD = Moldavia
country-ME = Montenegro
country-MF = San Martín
country-MG = Madagascar
country-MH = Islas Marshall
country-MK = Macedonia del Norte
country-ML = Mali
country-MM = Myanmar (Birmania)
country-MN = Mongolia
country-MO = RAE de Macao (China)
country-MP = Islas Marianas del Norte
country-MQ = Martinica
country-MR = Mauritania
country-MS = Montserrat
country-MT = Malta
country-MU = Mauricio
country-MV = Maldivas
country-MW = Malaui
country-MX = México
country-MY = Malasia
country-MZ = Mozambique
country-NA = Namibia
country-NC = Nueva Caledonia
country-NE = Níger
country-NF = Isla Norfolk
country-NG = Nigeria
country-NI = Nicaragua
country-NL = Países Bajos
country-NO = Noruega
country-NP = Nepal
country-NR = Nauru
country-NU = Niue
country-NZ = Nueva Zelanda
country-OM = Omán
country-PA = Panamá
country-PE = Perú
country-PF = Polinesia Francesa
country-PG = Papúa Nueva Guinea
country-PH = Filipinas
country-PK = Pakistán
country-PL = Polonia
country-PM = San Pedro y Miquelón
country-PN = Islas Pitcairn
country-PR = Puerto Rico
country-PS = Territorios Palestinos
country-PT = Portugal
country-PW = Palaos
country-PY = Paraguay
country-QA = Catar
country-RE = Reunión
country-RO = Rumanía
country-RS = Serbia
country-RU = Rusia
country-RW = Ruanda
country-SA = Arabia Saudí
country-SB = Islas Salomón
country-SC = Seychelles
country-SD = Sudán
country-SE = Suecia
country-SG = Singapur
country-SH = Santa Elena
country-SI = Eslovenia
country-SJ = Svalbard y Jan Mayen
country-SK = Eslovaquia
country-SL = Sierra Leona
country-SM = San Marino
country-SN = Senegal
country-SO = Somalia
country-SR = Surinam
country-SS = Sudán del Sur
country-ST = Santo Tomé y Príncipe
country-SV = El Salvador
country-SX = Sint Maarten
country-SY = Siria
country-SZ = Esuatini
country-TC = Islas Turcas y Caicos
country-TD = Chad
country-TF = Territorios Australes Franceses
country-TG = Togo
country-TH = Tailandia
country-TJ = Tayikistán
country-TK = Tokelau
country-TL = Timor-Leste
country-TM = Turkmenistán
country-TN = Túnez
country-TO = Tonga
country-TR = Turquía
country-TT = Trinidad y Tobago
country-TV = Tuvalu
country-TW = Taiwán
country-TZ = Tanzania
country-UA = Ucrania
country-UG = Uganda
country-UM = Islas menores alejadas de EE. UU.
country-US = Estados Unidos
country-UY = Uruguay
country-UZ = Uzbekistán
country-VA = Ciudad del Vaticano
country-VC = San Vicente y las Granadinas
country-VE = Venezuela
country-VG = Islas Vírgenes Británicas
country-VI = Islas Vírgenes de EE. UU.
country-VN = Vietnam
country-VU = Vanuatu
country-WF = Wallis y Futuna
country-WS = Samoa
country-YE = Yemen
country-YT = Mayotte
country-ZA = Sudáfrica
country-ZM = Zambia
country-ZW = Zimbabue
