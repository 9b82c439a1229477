# Every text of the page in English (docs/PAGE.md). Syntax: https://projectfluent.org/fluent/guide/
# What stands between backticks is shown as code, where a template asks for it. Between a number and its unit is a
# no-break space. Another language is a copy of this file, and a line in src/serve/page/lang.rs.

language-name = English
# How numbers are written: point (12,345.6) or comma (12.345,6).
number-style = point

## Days and times

date-day = { $weekday } { $day } { $month }
date-full = { $day } { $month } { $year }
date-month = { $month } { $year }
date-hour = { $weekday } { $day } { $month } { $time }
date-moment = { $day } { $month } { $year }, { $time } { $zone }
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

span-seconds = { $seconds } s
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
span-days-hours = { $days } d { $hours } h
age-now = just now
age-ago = { $age } ago

## Around every page

brand = weather
skip = Skip to the content
menu = Pages
menu-overview = Overview
menu-runs = Runs
menu-api = API
menu-settings = Settings
live-not = This page is of the moment it was asked for.
live-plain = What renews this page could not be loaded: it is of the moment it was asked for.
live-on = Live: this page changes when a run has ended.
live-updated = Updated at TIME.
live-waits = There is news; it is shown as soon as you have finished.
live-off = Not live at present, since TIME; trying again.
live-away = The server cannot be reached, since TIME; trying again.
live-busy = The server cannot show the page, since TIME; trying again.
live-unreadable = The answer of the server could not be read, at TIME; trying again.

## Problems

problem-heading-400 = This address cannot be used
problem-heading-401 = A token is needed
problem-heading-404 = There is nothing here
problem-heading-503 = The page cannot be shown at present
problem-heading-other = Something is wrong
problem-parameter-unfit = The parameter { $name } cannot be what it is.
problem-parameter-unknown = This page knows no parameter { $name }.
problem-parameter-twice = The parameter { $name } is given more than once.
problem-parameter-missing = The parameter { $name } is missing.
problem-no-such-site = No site has this name in its address.
problem-no-such-thing = Nothing has this name.
problem-no-such-path = No page has this address.
problem-unauthorized = Who looks has to be known to the server.
problem-busy = The server has too much to do at present.
problem-store-away = The store cannot be asked at present.
problem-archived = These days are archived: their rows have left the store.
problem-other = The server could not answer; what happened is in its log.
problem-allowed = It may be: { $allowed }.
problem-known = It knows: { $allowed }.
problem-token = Give a token as the password; the name does not matter. `weather token new NAME` makes one.
problem-retry = { $seconds ->
    [one] It is asked for again every second, by itself.
   *[other] It is asked for again every { $seconds } seconds, by itself.
}
problem-back = Back to the overview
allowed-units = `metric` or `imperial`, then by commas what differs from it, as in `imperial,wind:kn`: `{ $allowed }`
allowed-times = `site`, `utc`, or an IANA time zone, as in `Europe/Madrid`
allowed-bbox = west,south,east,north in degrees, south not above north, as in `-10,35,5,45`
allowed-q = a text of up to 100 letters
allowed-tag = up to 50 tags of 1 to 64 characters, by commas
allowed-country = up to 50 countries of two letters (ISO 3166-1), by commas, as in `ES,PT`

## Settings

settings-title = Settings
settings-what = How this page is written for you. The choice is kept in a cookie of this browser for a year; it says nothing else of you.
settings-language = Language
settings-units = Units
settings-units-metric = metric: °C, km/h, mm, hPa, km
settings-units-imperial = imperial: °F, mph, in, inHg, mi
settings-times = Times
settings-times-site = the site’s own
settings-times-utc = UTC
settings-times-mine = mine
settings-times-zones = All time zones
settings-apart = Single units
settings-apart-what = What should differ from the units above.
settings-as-above = as above
settings-temperature = Temperature
settings-wind = Wind
settings-rain = Rain and snow
settings-pressure = Pressure
settings-visibility = Visibility
settings-days = Days and their sums stay those of the site’s own clocks.
settings-keep = Keep

## The overview

overview-title = Overview
overview-new = No site has been collected yet.
overview-next = What to do next
overview-nothing-yet = There is nothing to show yet. As soon as a run has ended, its sites are here.
overview-next-sites = Write your sites into a file: `weather sites check sites.json` says whether it is right.
overview-next-collect = Collect: `weather etl`, with the key of a source.
overview-next-demo = Or try it with simulated weather, without any key: `weather demo --serve`.
overview-fresh = { $fresh ->
    [one] { $fresh } of { $sites } sites is fresh.
   *[other] { $fresh } of { $sites } sites are fresh.
}
overview-more = { $count ->
    [one] { $count } more is not.
   *[other] { $count } more are not.
}
overview-risk = Data is at risk: { $why }.
risk-no-run-ever = no run has ended yet
risk-no-run = no run has ended for { $age }
risk-stale = more than a tenth of the sites is not fresh
risk-key = the source refuses the key
overview-blocked = The account is blocked until { $until }.
overview-last = Last run { $age }.
overview-last-and-next = Last run { $age }, the next is expected at { $next }.
overview-fresh-rule = A site is fresh if the last observation of each of its sources is at most two hours, or two of its intervals, old.
age-never = never
trouble-nothing-newer = nothing newer came
trouble-never-collected = never collected

filter-text = Name or id
filter-tag = Tag
filter-country = Country
filter-show = Show
filter-all = all
filter-trouble = not fresh
filter-group = Group by
filter-group-none = nothing
filter-button = Filter
filter-reset = Show all

tile-fresh = Fresh
tile-fresh-of = { $fresh } of { $sites }
tile-fresh-all = every site
tile-fresh-not = { $count ->
    [one] { $count } is not
   *[other] { $count } are not
}
tile-warmest = Warmest
tile-coldest = Coldest
tile-gust = Strongest gust
tile-rain = Most rain, last hour
tile-rain-24h = { $amount } in 24 h
tile-extreme = extreme

map-title = Sites on the map
map-temperature = Temperature
map-wind = Wind
map-rain = Rain
map-humidity = Humidity
map-freshness = Freshness
map-whole = Whole map
map-fresh = fresh
map-stale = not fresh
map-cell = { $sites } sites, { $mean } on average, { $stale } not fresh
map-cell-counts = { $sites } sites, { $stale } not fresh

table-caption = { $shown ->
    [one] { $shown } site, as of { $now }.
   *[other] { $shown } sites, as of { $now }.
}
table-strips = Of the last 48 hours each cell is an hour.
table-empty = No site is like that.
column-site = Site
column-now = Now
column-sky = Sky
column-wind = Wind
column-rain = Rain, 1 h
column-humidity = Humidity
column-age = Age
column-strip = 48 hours
group-none = without
group-count = { $count ->
    [one] { $count } site
   *[other] { $count } sites
}
wind-from-0 = from the north
wind-from-1 = from the north-east
wind-from-2 = from the east
wind-from-3 = from the south-east
wind-from-4 = from the south
wind-from-5 = from the south-west
wind-from-6 = from the west
wind-from-7 = from the north-west
strip-range = { $low } to { $high } in 48 hours
strip-none = no temperature in 48 hours
strip-missing = { $hours ->
    [one] { $hours } hour missing
   *[other] { $hours } hours missing
}
legend-strips = Colours of the 48 hours
legend-missing = missing
table-pages = Pages of the table
pages-before = Back
pages-after = Next
pages-of = Page { $page } of { $last }

## Errors of a source, and reasons of gaps

error-timeout = no answer in time
error-connection = the source could not be reached
error-server-error = the source had a fault of its own
error-rate-limited = the source blocked the account for a while
error-unauthorized = the source refused the call
error-bad-request = the source does not take the request
error-not-found = the source does not know the place
error-malformed = the answer could not be read
error-out-of-range = a value, or the time, was out of its range
reason-never-tried = never tried: no run called for it
reason-paused = paused: the source had blocked the account or refused the key, or the account had no calls left
reason-failed = failed: { $error }
reason-quarantined = kept out: a value was out of its physical range
reason-unfillable = no source can fill it any more
reason-unfillable-why = no source can fill it any more: { $why }

## Conditions: the codes of OpenWeatherMap (200 to 804) and of the WMO (0 to 99)

condition-200 = thunderstorm with light rain
condition-201 = thunderstorm with rain
condition-202 = thunderstorm with heavy rain
condition-210 = light thunderstorm
condition-211 = thunderstorm
condition-212 = heavy thunderstorm
condition-221 = ragged thunderstorm
condition-230 = thunderstorm with light drizzle
condition-231 = thunderstorm with drizzle
condition-232 = thunderstorm with heavy drizzle
condition-300 = light drizzle
condition-301 = drizzle
condition-302 = heavy drizzle
condition-310 = light drizzle and rain
condition-311 = drizzle and rain
condition-312 = heavy drizzle and rain
condition-313 = rain showers and drizzle
condition-314 = heavy rain showers and drizzle
condition-321 = drizzle showers
condition-500 = light rain
condition-501 = moderate rain
condition-502 = heavy rain
condition-503 = very heavy rain
condition-504 = extreme rain
condition-511 = freezing rain
condition-520 = light rain showers
condition-521 = rain showers
condition-522 = heavy rain showers
condition-531 = ragged rain showers
condition-600 = light snow
condition-601 = snow
condition-602 = heavy snow
condition-611 = sleet
condition-612 = light sleet showers
condition-613 = sleet showers
condition-615 = light rain and snow
condition-616 = rain and snow
condition-620 = light snow showers
condition-621 = snow showers
condition-622 = heavy snow showers
condition-701 = mist
condition-711 = smoke
condition-721 = haze
condition-731 = dust whirls
condition-741 = fog
condition-751 = sand
condition-761 = dust
condition-762 = volcanic ash
condition-771 = squalls
condition-781 = tornado
condition-800 = clear sky
condition-801 = few clouds
condition-802 = scattered clouds
condition-803 = broken clouds
condition-804 = overcast
condition-0 = clear sky
condition-1 = mainly clear
condition-2 = partly cloudy
condition-3 = overcast
condition-45 = fog
condition-48 = rime fog
condition-51 = light drizzle
condition-53 = moderate drizzle
condition-55 = dense drizzle
condition-56 = light freezing drizzle
condition-57 = dense freezing drizzle
condition-61 = slight rain
condition-63 = moderate rain
condition-65 = heavy rain
condition-66 = light freezing rain
condition-67 = heavy freezing rain
condition-71 = slight snowfall
condition-73 = moderate snowfall
condition-75 = heavy snowfall
condition-77 = snow grains
condition-80 = slight rain showers
condition-81 = moderate rain showers
condition-82 = violent rain showers
condition-85 = slight snow showers
condition-86 = heavy snow showers
condition-95 = thunderstorm
condition-96 = thunderstorm with slight hail
condition-99 = thunderstorm with heavy hail

## Pages of a site, gaps, runs and calls

date-tick = { $day } { $month }
time-clock = { $time } { $zone }
time-from-to = { $from } to { $to }
compass-0 = N
compass-1 = NE
compass-2 = E
compass-3 = SE
compass-4 = S
compass-5 = SW
compass-6 = W
compass-7 = NW
span-milliseconds = { $milliseconds } ms
site = Site
from = From
to = To
show = Show
show-all = Show all
own-words = In the source’s own words
pages = Pages of the list
page-of = Page { $page } of { $pages }
page-before = Previous page
page-after = Next page
menu-gaps = Gaps
menu-calls = Calls
reason-short-never-tried = never tried
reason-short-paused = paused
reason-short-failed = failed
reason-short-quarantined = kept out
reason-short-unfillable = cannot be filled

### A site

site-height = { $height } m above the sea
site-every = { $minutes ->
    [60] every hour
    [1440] every day
   *[other] every { $minutes } min
}
site-left = has left the sites file
site-times = Clocks of { $zone }; times are { $now }
site-gaps = what is missing
site-new = No source was asked for this site yet. `weather etl` collects.
site-nothing-now = There is no value of the last day.
site-no-values = There is no value in this time.
site-now-feels = feels like { $value }
site-now-dew = dew point { $value }
site-now-wind = wind { $value }
site-now-wind-from = wind { $value } from { $from }
site-now-gust = gusts { $value }
site-now-rain = rain { $hour } in the last hour, { $day } in 24 h
site-now-humidity = humidity { $value }
site-now-pressure = pressure { $value }
site-now-pressure-change = pressure { $value }, { $change } in 3 h
site-range = Time that is shown
site-range-24h = 24 hours
site-range-7d = 7 days
site-range-30d = 30 days
site-range-1y = 1 year
site-source = Source
site-with-source = with { $source }
site-alone = without comparison
site-with-hours = { $difference } on the mean against { $name }, over { $count } common hours
site-with-days = { $difference } on the mean against { $name }, over { $count } common days
site-with-nothing = no time that both have
site-chart-temperature = Temperature
site-chart-rain = Rain
site-chart-wind = Wind
site-chart-humidity = Humidity and cloud
site-chart-pressure = Pressure at sea level
site-chart-coverage = Collected
site-of-temperature = temperature
site-of-feels = feels like
site-of-dew = dew point
site-of-rain = rain
site-of-wind = wind
site-of-gust = gusts
site-of-humidity = humidity
site-of-cloud = cloud
site-of-pressure = pressure
site-of-coverage = collected
site-of-band = lowest to highest
site-of-sum = running sum
site-in-all = { $value } in all
site-low-high = { $low } to { $high }
site-see-table = The values are in the table below.
site-slider = Hour of the charts
site-read = Point at a chart, or use the arrow keys, to read its values; drag over it to see less time.
site-script-failed = The charts that answer to a pointer could not be loaded; these stay.
site-none = no value
site-night = night
site-missing = missing
site-hole = missing
site-frozen = the source stood still
site-healed = healed later
site-own-days = Days are those of the site’s own clocks.
site-csv = Values as CSV
site-png = Charts as PNG
site-why = What is missing, healed or stood still
site-whole = Nothing: each hour was collected when it was due.
site-newest-first = The newest first; times are { $zone }
site-head-hours = Hours
site-head-what = What
site-head-count = How many
site-head-why = Why
site-head-time = Time
site-head-day = Day
site-head-sky = sky
site-head-wind = wind (gusts)
site-head-note = Note
site-head-temperatures = temperature: lowest / mean / highest
site-head-winds = wind: mean / strongest gust
site-head-degree-days = degree days: heating / cooling
site-head-collected = collected
site-healed-why = filled later from the history of { $source }, not collected when it was due
site-healed-from = healed from { $source }
site-frozen-why = the source stood still: it repeated its observation of { $time } for { $hours } hours
site-values = Values
site-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
site-days = Each day of the site’s own clocks, the newest first
site-of = { $present } of { $expected }

### Gaps

gaps-title = Gaps
gaps-new = There is nothing to show yet. `weather etl` collects; `weather demo --serve` shows how it looks.
gaps-none = Nothing is missing: all { $expected } slots of these sites and days were collected.
gaps-some = { $missing ->
    [one] { $missing } of { $expected } slots is missing.
   *[other] { $missing } of { $expected } slots are missing.
}
gaps-of-page = (Page { $page } of { $pages }.)
gaps-name = Name or id
gaps-reason = Reason
gaps-all = any reason
gaps-no-site = No site is like that.
gaps-caption = { $sites ->
    [one] { $sites } site; days are its own. A day that lacks something leads to the reasons.
   *[other] { $sites } sites; days are each site’s own. A day that lacks something leads to the reasons.
}
gaps-days = Days
gaps-missing = Missing
gaps-coverage = Collected
gaps-cell = { $site }, { $day }: { $missing } of { $expected } missing: { $reasons }
gaps-key-0 = whole
gaps-key-1 = up to a quarter missing
gaps-key-2 = up to a half
gaps-key-3 = up to three quarters
gaps-key-4 = more
gaps-key-5 = all missing
gaps-key-blank = blank: nothing was expected

### A day of a site

cell-day = The day is one of the site’s own clocks ({ $zone }).
cell-times = Times are { $zone }.
cell-before = Day before
cell-after = Day after
cell-weather = Weather of the day
cell-calendar = Calendar of the site
cell-no-source = no source
cell-nothing-expected = Nothing was expected on this day.
cell-whole = Nothing is missing: all { $expected } slots were collected.
cell-missing = { $missing } of { $expected } slots missing
cell-slots = { $slots ->
    [one] { $slots } slot
   *[other] { $slots } slots
}
cell-runs = Runs behind it:
cell-heal = This command fills it from the source’s history:
cell-correct = Correct the site in the sites file first; then this command fills it:
cell-key = Put the source’s key right first; then this command fills it:
cell-nothing = Nothing can be done: the source has nothing for it.

### Runs

runs-title = Runs
runs-none = No run yet: `weather etl` makes one, `weather demo --serve` plays many.
runs-no-earlier = There is no earlier run.
runs-latest = The latest runs
runs-earlier = Earlier runs
runs-caption = { $count ->
    [one] The latest run
   *[other] The latest { $count } runs, newest first
}
runs-caption-earlier = { $count ->
    [one] { $count } earlier run
   *[other] { $count } earlier runs, newest first
}
runs-run = Run
runs-took = Took
runs-slots = Slots
runs-errors = Errors
runs-bar = { $collected } collected, { $failed } failed, { $skipped } skipped
runs-idle = { $count ->
    [one] a start that found nothing due, { $time }
   *[other] { $count } starts that found nothing due, { $time }
}
runs-again = { $count } again
runs-message = What stopped it
outcome-succeeded = succeeded
outcome-partial = partial
outcome-failed = failed
outcome-interrupted = interrupted
outcome-abandoned = abandoned
outcome-at-work = at work
outcome-closed = ended
run-title = Run { $number }
run-kind = Job
run-outcome = Ended
run-source = Source
run-shard = Part of the sites
run-started = Started
run-finished = Finished
run-heartbeat = Last sign of life
run-sites = Sites
run-collected = Collected
run-failed = Failed
run-skipped = Skipped
run-rows = Rows loaded
run-calls = Calls
run-retries = Calls made again
run-latency = Latency, ms: mean / 95 % / longest
run-stop = Stopped by
run-host = Where
run-version = Version
run-id = Id
run-slots = Slots that failed
run-no-slots = None: what the run called for last has its observation.
run-slots-all = { $count ->
    [one] { $count } slot, as the run left it
   *[other] { $count } slots, as the run left them, newest first
}
run-slots-more = The newest { $count } slots; there are more
run-slot = Slot
run-attempts = Calls
run-all = All runs

### Calls

calls-title = Calls
calls-what = What each account may call, as `weather quota` counts it. What the sites need is a call for each slot to come.
calls-minute = this minute
calls-day = this day (UTC)
calls-month = this month (UTC)
calls-words = { $used } used, { $reserved } reserved, { $left } left of { $cap }; new ones at { $end }
calls-words-needed = { $used } used, { $reserved } reserved, { $left } left of { $cap }; { $needed } needed until { $end }
calls-no-limit = No limit is set.
calls-not-enough = not enough
calls-used = used
calls-reserved = reserved and not used
calls-left = left
calls-needed = where what is needed ends

### What may be given

allowed-range = `24h`, `7d`, `30d` or `1y`, and neither `from` nor `to` beside it
allowed-from = a day as in `2026-11-25`, or a time as in `2026-11-25T08:00Z`; with `range` there is none
allowed-source = a source of the site
allowed-with = `source:NAME` or `site:ID`, as in `site:mad-retiro`
allowed-before = the number of a run

## Countries by ISO 3166-1, as Unicode CLDR 48 names them

country-AD = Andorra
country-AE = United Arab Emirates
country-AF = Afghanistan
country-AG = Antigua & Barbuda
country-AI = Anguilla
country-AL = Albania
country-AM = Armenia
country-AO = Angola
country-AQ = Antarctica
country-AR = Argentina
country-AS = American Samoa
country-AT = Austria
country-AU = Australia
country-AW = Aruba
country-AX = Åland Islands
country-AZ = Azerbaijan
country-BA = Bosnia & Herzegovina
country-BB = Barbados
country-BD = Bangladesh
country-BE = Belgium
country-BF = Burkina Faso
country-BG = Bulgaria
country-BH = Bahrain
country-BI = Burundi
country-BJ = Benin
country-BL = St. Barthélemy
country-BM = Bermuda
country-BN = Brunei
country-BO = Bolivia
country-BQ = Caribbean Netherlands
country-BR = Brazil
country-BS = Bahamas
country-BT = Bhutan
country-BV = Bouvet Island
country-BW = Botswana
country-BY = Belarus
country-BZ = Belize
country-CA = Canada
country-CC = Cocos (Keeling) Islands
country-CD = Congo - Kinshasa
country-CF = Central African Republic
country-CG = Congo - Brazzaville
country-CH = Switzerland
country-CI = Côte d’Ivoire
country-CK = Cook Islands
country-CL = Chile
country-CM = Cameroon
country-CN = China
country-CO = Colombia
country-CR = Costa Rica
country-CU = Cuba
country-CV = Cape Verde
country-CW = Curaçao
country-CX = Christmas Island
country-CY = Cyprus
country-CZ = Czechia
country-DE = Germany
country-DJ = Djibouti
country-DK = Denmark
country-DM = Dominica
country-DO = Dominican Republic
country-DZ = Algeria
country-EC = Ecuador
country-EE = Estonia
country-EG = Egypt
country-EH = Western Sahara
country-ER = Eritrea
country-ES = Spain
country-ET = Ethiopia
country-FI = Finland
country-FJ = Fiji
country-FK = Falkland Islands
country-FM = Micronesia
country-FO = Faroe Islands
country-FR = France
country-GA = Gabon
country-GB = United Kingdom
country-GD = Grenada
country-GE = Georgia
country-GF = French Guiana
country-GG = Guernsey
country-GH = Ghana
country-GI = Gibraltar
country-GL = Greenland
country-GM = Gambia
country-GN = Guinea
country-GP = Guadeloupe
country-GQ = Equatorial Guinea
country-GR = Greece
country-GS = South Georgia & South Sandwich Islands
country-GT = Guatemala
country-GU = Guam
country-GW = Guinea-Bissau
country-GY = Guyana
country-HK = Hong Kong SAR China
country-HM = Heard & McDonald Islands
country-HN = Honduras
country-HR = Croatia
country-HT = Haiti
country-HU = Hungary
country-ID = Indonesia
country-IE = Ireland
country-IL = Israel
country-IM = Isle of Man
country-IN = India
country-IO = British Indian Ocean Territory
country-IQ = Iraq
country-IR = Iran
country-IS = Iceland
country-IT = Italy
country-JE = Jersey
country-JM = Jamaica
country-JO = Jordan
country-JP = Japan
country-KE = Kenya
country-KG = Kyrgyzstan
country-KH = Cambodia
country-KI = Kiribati
country-KM = Comoros
country-KN = St. Kitts & Nevis
country-KP = North Korea
country-KR = South Korea
country-KW = Kuwait
country-KY = Cayman Islands
country-KZ = Kazakhstan
country-LA = Laos
country-LB = Lebanon
country-LC = St. Lucia
country-LI = Liechtenstein
country-LK = Sri Lanka
country-LR = Liberia
country-LS = Lesotho
country-LT = Lithuania
country-LU = Luxembourg
country-LV = Latvia
country-LY = Libya
country-MA = Morocco
country-MC = Monaco
country-MD = Moldova
country-ME = Montenegro
country-MF = St. Martin
country-MG = Madagascar
country-MH = Marshall Islands
country-MK = North Macedonia
country-ML = Mali
country-MM = Myanmar (Burma)
country-MN = Mongolia
country-MO = Macao SAR China
country-MP = Northern Mariana Islands
country-MQ = Martinique
country-MR = Mauritania
country-MS = Montserrat
country-MT = Malta
country-MU = Mauritius
country-MV = Maldives
country-MW = Malawi
country-MX = Mexico
country-MY = Malaysia
country-MZ = Mozambique
country-NA = Namibia
country-NC = New Caledonia
country-NE = Niger
country-NF = Norfolk Island
country-NG = Nigeria
country-NI = Nicaragua
country-NL = Netherlands
country-NO = Norway
country-NP = Nepal
country-NR = Nauru
country-NU = Niue
country-NZ = New Zealand
country-OM = Oman
country-PA = Panama
country-PE = Peru
country-PF = French Polynesia
country-PG = Papua New Guinea
country-PH = Philippines
country-PK = Pakistan
country-PL = Poland
country-PM = St. Pierre & Miquelon
country-PN = Pitcairn Islands
country-PR = Puerto Rico
country-PS = Palestinian Territories
country-PT = Portugal
country-PW = Palau
country-PY = Paraguay
country-QA = Qatar
country-RE = Réunion
country-RO = Romania
country-RS = Serbia
country-RU = Russia
country-RW = Rwanda
country-SA = Saudi Arabia
country-SB = Solomon Islands
country-SC = Seychelles
country-SD = Sudan
country-SE = Sweden
country-SG = Singapore
country-SH = St. Helena
country-SI = Slovenia
country-SJ = Svalbard & Jan Mayen
country-SK = Slovakia
country-SL = Sierra Leone
country-SM = San Marino
country-SN = Senegal
country-SO = Somalia
country-SR = Suriname
country-SS = South Sudan
country-ST = São Tomé & Príncipe
country-SV = El Salvador
country-SX = Sint Maarten
country-SY = Syria
country-SZ = Eswatini
country-TC = Turks & Caicos Islands
country-TD = Chad
country-TF = French Southern Territories
country-TG = Togo
country-TH = Thailand
country-TJ = Tajikistan
country-TK = Tokelau
country-TL = Timor-Leste
country-TM = Turkmenistan
country-TN = Tunisia
country-TO = Tonga
country-TR = Türkiye
country-TT = Trinidad & Tobago
country-TV = Tuvalu
country-TW = Taiwan
country-TZ = Tanzania
country-UA = Ukraine
country-UG = Uganda
country-UM = U.S. Outlying Islands
country-US = United States
country-UY = Uruguay
country-UZ = Uzbekistan
country-VA = Vatican City
country-VC = St. Vincent & Grenadines
country-VE = Venezuela
country-VG = British Virgin Islands
country-VI = U.S. Virgin Islands
country-VN = Vietnam
country-VU = Vanuatu
country-WF = Wallis & Futuna
country-WS = Samoa
country-YE = Yemen
country-YT = Mayotte
country-ZA = South Africa
country-ZM = Zambia
country-ZW = Zimbabwe
