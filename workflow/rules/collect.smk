rule collect:
    input:
        table_parts,
    output:
        "<results>/{stage}/{table}.csv",
    log:
        "<logs>/collect/{stage}_{table}.log",
    localrule: True
    params:
        code=digest("optprimer.collect"),
    message:
        "Table {wildcards.stage}/{wildcards.table}.csv"
    shell:
        "optprimer collect {wildcards.stage}/{wildcards.table} {input:q} --output {output:q} > {log:q} 2>&1"
