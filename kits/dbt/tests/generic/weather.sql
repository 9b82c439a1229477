{% test weather_unique(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test weather_in_range(model, column_name, min, max) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ min }} or {{ column_name }} > {{ max }}
{% endtest %}

{# Days that are over, of which less was collected. #}
{% test weather_covered(model, column_name, at_least) %}
select site_id, source, local_date, {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ at_least }} and local_date < current_date(timezone)
{% endtest %}
